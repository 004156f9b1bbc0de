/** How the learning rate goes from its peak, at the end of warm-up, to its final share at the end of training. */
export type LearningRateDecay = "constant" | "linear" | "cosine";

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
}

/**
 * Learning rate of the optimizer step with index `step` (from 0).
 *
 * With W warm-up steps of N: `peak (step + 1) / W` while step < W, so that no step is spent at rate 0; then, with
 * `p = (step - W) / (N - W)` in [0, 1), `peak (f + (1 - f) d(p))`, where f is the final share and d(p) is 1, `1 - p`
 * or `(1 + cos(pi p)) / 2`. The final share itself is reached at `step = N`, one after the last step.
 */
export function learningRateAt(step: number, plan: LearningRatePlan): number {
  const { learningRate, steps, warmupSteps, decay, finalShare } = plan;
  if (step < warmupSteps) return (learningRate * (step + 1)) / warmupSteps;
  const progress = Math.min(1, (step - warmupSteps) / (steps - warmupSteps));
  return learningRate * (finalShare + (1 - finalShare) * remaining[decay](progress));
}

// --- internal ---

/** What is left at `progress` in [0, 1]: 1 at the beginning of decay, and 0 at its end unless it is constant. */
const remaining: Record<LearningRateDecay, (progress: number) => number> = {
  constant: () => 1,
  linear: (progress) => 1 - progress,
  cosine: (progress) => (1 + Math.cos(Math.PI * progress)) / 2,
};
