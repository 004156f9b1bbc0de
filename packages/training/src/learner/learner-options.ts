import { DiffusionError, listNames } from "@textdiffusion/core";
import { z } from "zod";

/** Options of AdamW: Loshchilov and Hutter 2019, "Decoupled Weight Decay Regularization", arXiv:1711.05101; and of the average of its weights. */
export const learnerOptionsSchema = z.strictObject({
  /** Share of each weight, times the learning rate, that a step takes away. Biases and norms never decay. */
  weightDecay: z.number().nonnegative().default(0),
  /** Memory of the mean of the gradients. */
  beta1: z.number().min(0).lt(1).default(0.9),
  /** Memory of the mean of their squares. */
  beta2: z.number().min(0).lt(1).default(0.999),
  /** Added to the root of the second moment. */
  epsilon: z.number().positive().default(1e-8),
  /**
   * Decay of an exponential moving average of the weights, which is what is then validated and saved as the model; its
   * first steps forget faster. Default: none, the weights themselves.
   */
  ema: z.number().min(0).lt(1).optional(),
  /** Parameters that stay as they are, by name; `*` stands for any characters. They have no moments and no average. */
  freeze: z.array(z.string().min(1)).optional(),
});

export type LearnerOptions = z.output<typeof learnerOptionsSchema>;

/** @throws DiffusionError `UNKNOWN_OPTION`, `CONFIG_INVALID` */
export function decodeLearnerOptions(options: Partial<LearnerOptions>): LearnerOptions {
  const result = learnerOptionsSchema.safeParse(options);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const known = Object.keys(learnerOptionsSchema.shape);
  const unknown = issue.code === "unrecognized_keys" ? issue.keys[0] : undefined;
  throw new DiffusionError({
    code: unknown === undefined ? "CONFIG_INVALID" : "UNKNOWN_OPTION",
    component: "training/learner",
    problem:
      unknown === undefined
        ? `expected a valid ${issue.path.join(".")}, got ${String(options[issue.path[0] as keyof LearnerOptions])}: ${issue.message}`
        : `expected options of the learner, got ${unknown}`,
    remedy: `Options: ${listNames(known)}`,
  });
}
