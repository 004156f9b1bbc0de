import { match } from "ts-pattern";

/** How the learning rate goes from its peak, at the end of warm-up, to its final share at the end of training. */
export type LearningRateDecay = (typeof learningRateDecays)[number];

export const learningRateDecays = ["constant", "linear", "cosine", "inverse-sqrt", "trapezoid"] as const;

export interface LearningRatePlan {
  /** The peak. */
  readonly learningRate: number;
  /** Optimizer steps of the whole run. */
  readonly steps: number;
  /** The first steps, over which the rate climbs in a straight line to the peak. Less than `steps`. */
  readonly warmupSteps: number;
  readonly decay: LearningRateDecay;
  /** Share of the peak that decay ends at, in [0, 1]. */
  readonly finalShare: number;
  /** Of `trapezoid`: share of the steps after warm-up, at their end, in which the rate falls. Default 0.2. */
  readonly cooldownShare?: number;
}

/**
 * Learning rate of the optimizer step with index `step` (from 0).
 *
 * With W warm-up steps of N: `peak (step + 1) / W` while step < W, so that no step is spent at rate 0; then, with
 * `p = (step - W) / (N - W)` in [0, 1), `peak (f + (1 - f) d)`, where f is the final share and d is
 *
 * - constant: 1
 * - linear: `1 - p`
 * - cosine: `(1 + cos(pi p)) / 2`
 * - inverse-sqrt: `sqrt(W / (step + 1))`, with W at least 1 (Vaswani et al. 2017, arXiv:1706.03762, equation 3)
 * - trapezoid: 1, and over the last share c of the steps `(1 - p) / c` (Hägele et al. 2024, arXiv:2405.18392)
 *
 * The final share itself is reached at `step = N`, one after the last step; by inverse-sqrt never.
 */
export function learningRateAt(step: number, plan: LearningRatePlan): number {
  const { learningRate, steps, warmupSteps, decay, finalShare, cooldownShare = 0.2 } = plan;
  if (step < warmupSteps) return (learningRate * (step + 1)) / warmupSteps;
  const progress = Math.min(1, (step - warmupSteps) / (steps - warmupSteps));
  const remaining = match(decay)
    .with("constant", () => 1)
    .with("linear", () => 1 - progress)
    .with("cosine", () => (1 + Math.cos(Math.PI * progress)) / 2)
    .with("inverse-sqrt", () => Math.sqrt(Math.max(1, warmupSteps) / (step + 1)))
    .with("trapezoid", () => Math.min(1, (1 - progress) / cooldownShare))
    .exhaustive();
  return learningRate * (finalShare + (1 - finalShare) * remaining);
}
