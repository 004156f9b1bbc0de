import { z } from "zod";

export const earlyStoppingSchema = z.strictObject({
  /** Validations in a row that may pass without a better bound. */
  patience: z.int().positive(),
  /** Nats a token by which a bound must be lower to be better. */
  minDelta: z.number().nonnegative().default(0),
});

export type EarlyStopping = z.output<typeof earlyStoppingSchema>;

/** The best validation so far. A checkpoint holds it, so that a resumed run judges as it would have. */
export const bestValidationSchema = z.strictObject({
  step: z.int().nonnegative(),
  boundNats: z.number(),
  /** Validations after it. */
  since: z.int().nonnegative(),
});

export type BestValidation = z.output<typeof bestValidationSchema>;

/** The best of a validation and those before it. */
export function judged(
  best: BestValidation | undefined,
  { step, boundNats }: { readonly step: number; readonly boundNats: number },
  minDelta = 0,
): BestValidation {
  if (best === undefined || boundNats < best.boundNats - minDelta) return { step, boundNats, since: 0 };
  return { ...best, since: best.since + 1 };
}

/** Whether patience is at its end. */
export function isExhausted(best: BestValidation | undefined, stopping: EarlyStopping | undefined): boolean {
  return best !== undefined && stopping !== undefined && best.since >= stopping.patience;
}
