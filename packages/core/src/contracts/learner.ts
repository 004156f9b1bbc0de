import type { Random } from "../random/random.js";
import type { NoisedBatch } from "../values/noised-batch.js";

/** A named array of a state: weights, moments, averages. */
export interface NamedArray {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** One optimizer step. */
export interface LearnerStep {
  /** Micro-batches whose gradients are added; together they are one step. At least one. */
  readonly batches: readonly NoisedBatch[];
  readonly learningRate: number;
  /** Gradients are scaled so that their global L2 norm is at most this. 0 turns it off. */
  readonly clipNorm: number;
  /** Stream for dropout, its own for each step. */
  readonly random: Random;
  /**
   * Asked once, with what the step has measured, before its update is final. At `false` weights, moments and averages stay as
   * they were before the step, bit for bit. A step that changes nothing does not ask.
   */
  accept?(measured: LearnerReport): boolean;
}

export interface LearnerReport {
  /** `sum(weight * crossEntropy) / sum(denominator)`, nats. */
  readonly lossNats: number;
  /** Global L2 norm of the gradient before clipping. */
  readonly gradientNorm: number;
}

/** Predictions at the masked positions of a batch, in the order in which they stand. */
export interface LearnerScores {
  /** Cross entropy in nats; shape [masked]. */
  readonly crossEntropy: Float32Array;
  /** 1 where the most probable token is the clean one; shape [masked]. */
  readonly correct: Uint8Array;
}

/**
 * What the trainer drives. A learner owns its weights and optimizer state; the trainer owns data, time and files.
 *
 * A NaN or infinite loss or gradient throws `NOT_A_NUMBER` with the name of the first such tensor, and leaves the
 * weights as they were before the step.
 */
export interface Learner {
  readonly name: string;
  readonly parameterCount: number;
  step(step: LearnerStep): Promise<LearnerReport>;
  /** Scores without learning: no dropout, weights untouched. A learner that averages its weights scores the average. */
  score(batch: NoisedBatch): Promise<LearnerScores>;
  /** Everything that the next step depends on, by name. The arrays are copies that the caller may keep. */
  state(): Promise<Readonly<Record<string, NamedArray>>>;
  /** Takes back what `state()` gave. @throws DiffusionError `CHECKPOINT_INVALID` for missing, unknown or misshapen names. */
  restore(state: Readonly<Record<string, NamedArray>>): Promise<void>;
  /**
   * Does `work`, saving the model say, while the model has the weights that are scored: the average, where the learner
   * keeps one. No step may be taken meanwhile.
   */
  withAverage<Result>(work: () => Promise<Result>): Promise<Result>;
  dispose(): void;
}
