import type { Random } from "@textdiffusion/core";
import { match } from "ts-pattern";
import { z } from "zod";

export const prefixPolicySchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("none") }),
  z.strictObject({ kind: z.literal("fixed"), length: z.int().min(0) }),
  z.strictObject({ kind: z.literal("random"), maxShare: z.number().min(0).max(1) }),
]);

/**
 * How many tokens at the start of a row are never masked, so that the model learns to go on from a prompt: none, a fixed
 * number, or for each row a number drawn evenly from 0 to `maxShare` of its length.
 */
export type PrefixPolicy = z.output<typeof prefixPolicySchema>;

/** @param random - the stream of this row's prefix */
export function prefixLength(policy: PrefixPolicy, rowLength: number, random: Random): number {
  return match(policy)
    .with({ kind: "none" }, () => 0)
    .with({ kind: "fixed" }, ({ length }) => length)
    .with({ kind: "random" }, ({ maxShare }) => random.integer(Math.floor(maxShare * rowLength) + 1))
    .exhaustive();
}
