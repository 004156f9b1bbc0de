import type { LearnerReport, NoisedBatch, SpikeFound } from "@textdiffusion/core";
import { z } from "zod";

export const spikeActions = ["off", "report", "skip"] as const;

export const spikesSchema = z.strictObject({
  /**
   * `report` tells of a spike and keeps its batches in a file. `skip` leaves its update out as well: the step counts, weights and
   * moments stay. After a step that was left out comes one that is not: where that is a spike, too, the weights are in a bad
   * place and not the batch, and only an update leads out of it.
   */
  action: z.enum(spikeActions).default("report"),
  /** How many usual deviations above what was expected are a spike. */
  threshold: z.number().positive().default(10),
  /**
   * Steps before that a step is compared with. None is judged before half as many are known; of fewer the usual deviation is known
   * badly, and the threshold must be larger.
   */
  window: z.int().min(32).default(128),
});

export type SpikeOptions = z.output<typeof spikesSchema>;

/**
 * What steps are compared by, oldest first; one entry a step. A checkpoint holds it, so that a resumed run judges as it would
 * have.
 */
export const recentStepsSchema = z.strictObject({
  /** Mean cross entropy of a token, by its weight in the loss. */
  meanNats: z.array(z.number()),
  /** How many tokens of equal weight tell that mean as well (Kish's effective size of a sample). */
  tokens: z.array(z.number()),
  /** Norm of the gradient of tokens whose squared weights sum to 1. */
  gradientNorm: z.array(z.number()),
  /** Whether the update of the last one was left out. */
  skipped: z.boolean(),
});

export type RecentSteps = z.output<typeof recentStepsSchema>;

export const noSteps: RecentSteps = { meanNats: [], tokens: [], gradientNorm: [], skipped: false };

/** What a step measured that stood out, and what was to be expected of it. */
export type Spike = Omit<SpikeFound, "kind" | "step" | "action" | "file">;

/** A step as what it measured and the batches that it did so on. */
export interface JudgedStep extends LearnerReport {
  readonly batches: readonly Pick<NoisedBatch, "lossWeight" | "lossDenominator">[];
}

/**
 * Whether the loss or the gradient of a step stands out above those of the steps before it.
 *
 * Weights of the loss like `1 / t` make one step's loss several times another's, where noise is drawn so: as expected, no
 * spike, and to skip it would be to learn another loss. So what is judged is the mean cross entropy of a token, `m`, which is as
 * certain as `n` tokens of equal weight, and the norm `g` of the gradient of tokens whose squared weights sum to 1. With the
 * weights `w` of all tokens, and medians and deviations over the window:
 * ```
 * m = sum(w crossEntropy) / sum(w)     n = sum(w)^2 / sum(w^2)     (m - median m) sqrt(n) / deviation of that     > threshold
 * g = norm sum(denominator) / sqrt(sum(w^2))                       (log g - median log g) / deviation of that     > threshold
 * ```
 * The deviation is the median absolute one times 1.4826, so that a spike does not hide the next; norms of gradients have a
 * long tail above, hence logarithms. Every step enters the window: what stays high is ordinary after half of it.
 *
 * Others judge loss and norm themselves: OLMo-core's SkipStepOptimizer skips what lies 6 standard deviations from the mean of
 * 128 steps; ZClip (Kumar et al. 2025, arXiv:2504.02507) clips gradients by a z-score. docs/training.md has what each finds.
 */
export function spikeOf(
  step: JudgedStep,
  recent: RecentSteps,
  { threshold, window }: Pick<SpikeOptions, "threshold" | "window">,
): Spike | undefined {
  const measure = measureOf(step);
  if (measure === undefined || recent.tokens.length < window / 2) return undefined;
  const meanNats = median(recent.meanNats);
  const usualNats =
    deviation(recent.meanNats.map((each, index) => (each - meanNats) * Math.sqrt(recent.tokens[index]))) /
    Math.sqrt(measure.tokens);
  const lossDeviations =
    (measure.meanNats - meanNats) / Math.max(usualNats, LEAST_SHARE * meanNats, SMALLEST);

  const logNorms = recent.gradientNorm.map(logarithm);
  const logNorm = median(logNorms);
  const usualLog = Math.max(deviation(logNorms.map((each) => each - logNorm)), LEAST_SHARE);
  const gradientDeviations = (logarithm(measure.gradientNorm) - logNorm) / usualLog;
  if (Math.max(lossDeviations, gradientDeviations) <= threshold) return undefined;
  return {
    lossNats: step.lossNats,
    expectedLossNats: meanNats * measure.weight,
    lossDeviations,
    gradientNorm: step.gradientNorm,
    expectedGradientNorm: Math.exp(logNorm) * measure.norm,
    gradientDeviations,
  };
}

/** The window after one more step; a step without noise tells nothing. */
export function withStep(
  step: JudgedStep,
  recent: RecentSteps,
  window: number,
  skipped = false,
): RecentSteps {
  const measure = measureOf(step);
  if (measure === undefined) return recent;
  const add = (name: "meanNats" | "tokens" | "gradientNorm") =>
    [...recent[name], measure[name]].slice(-window);
  return { meanNats: add("meanNats"), tokens: add("tokens"), gradientNorm: add("gradientNorm"), skipped };
}

// --- internal ---

/** Of a normal distribution this times the median absolute deviation is the standard deviation: 1 / quantile(3/4). */
const DEVIATION_OF_MEDIANS = 1.4826;

/** Steps that hardly differ have no spike below a rise of this share times the threshold. */
const LEAST_SHARE = 0.01;

/** 0 has no logarithm, and divides nothing. */
const SMALLEST = 1e-9;

/** One entry of `RecentSteps`, and what makes it of the loss and of the norm. */
interface Measure {
  readonly meanNats: number;
  readonly tokens: number;
  readonly gradientNorm: number;
  /** Sum of the weights by sum of the denominators. */
  readonly weight: number;
  /** Their norm by the same. */
  readonly norm: number;
}

/** Undefined where no token has a weight. */
function measureOf({ lossNats, gradientNorm, batches }: JudgedStep): Measure | undefined {
  let [sum, squares, denominator] = [0, 0, 0];
  for (const { lossWeight, lossDenominator } of batches) {
    denominator += lossDenominator;
    for (const each of lossWeight) {
      sum += each;
      squares += each * each;
    }
  }
  if (!(sum > 0)) return undefined;
  const [weight, norm] = [sum / denominator, Math.sqrt(squares) / denominator];
  const tokens = sum ** 2 / squares;
  return { meanNats: lossNats / weight, tokens, gradientNorm: gradientNorm / norm, weight, norm };
}

function logarithm(value: number): number {
  return Math.log(Math.max(value, SMALLEST));
}

/** @param residuals - whose middle is 0 */
function deviation(residuals: readonly number[]): number {
  return DEVIATION_OF_MEDIANS * median(residuals.map(Math.abs));
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length / 2;
  return (sorted[Math.floor(half - 0.5)] + sorted[Math.floor(half)]) / 2;
}
