import type { PositionRestriction } from "../values/canvas.js";

/** One position that a step changed. */
export interface PositionChange {
  readonly row: number;
  readonly position: number;
  readonly from: number;
  /** The new token; the mask id when the position went back to `[MASK]`. */
  readonly to: number;
  /** Log-probability, entropy (nats) and margin of the draw; undefined where none was made: re-masked, or after an end. */
  readonly logProb?: number;
  readonly entropy?: number;
  readonly margin?: number;
}

/** Tokens that were drawn and not taken, flat: entry k of each array belongs to one draw. */
export interface Candidates {
  readonly rows: Int32Array;
  readonly positions: Int32Array;
  readonly tokens: Int32Array;
  /** Log-probability of each, in nats. */
  readonly logProbs: Float32Array;
}

/** The page before the first step, and all else that the run begins from (`stateAfter` makes a state of it). */
export interface GenerationStarted {
  readonly kind: "started";
  readonly batch: number;
  readonly seq: number;
  readonly maskTokenId: number;
  /** A copy of the canvas; shape [batch, seq]. */
  readonly ids: Int32Array;
  /** A copy; shape [batch, seq]. */
  readonly attentionMask: Uint8Array;
  /** A copy; shape [batch, seq]. */
  readonly editable: Uint8Array;
  /** See `Canvas.restrictions`. */
  readonly restrictions: readonly PositionRestriction[];
  /** The number that keys each row's randomness; shape [batch]. */
  readonly rowKeys: readonly number[];
  /** Steps planned, of the row that has most, or undefined for a sampler that runs until nothing is masked. */
  readonly steps: number | undefined;
  /** Index of the first step: 0, or the steps that a run had done when this one was forked from it. */
  readonly step: number;
  /** Steps of this sampler that count as done in each row: 0, or where a fork goes on; shape [batch]. */
  readonly rowSteps: Int32Array;
  /** Rows that have nothing to do. */
  readonly doneRows: readonly number[];
  /** See `SamplerRow.revealLogProbs`; NaN everywhere but in a fork; shape [batch, seq]. */
  readonly revealLogProbs: Float64Array;
  /** Calls before the first step: 0, or those of the run that was forked. */
  readonly forwards: number;
  readonly rowForwards: number;
}

/** One reverse step of every row that was not done yet. */
export interface StepFinished {
  readonly kind: "step";
  /** Index of the step, from 0. */
  readonly step: number;
  /** Time before and after, `s < t`; of the first unfinished row where rows differ (samplers without a grid). */
  readonly t: number;
  readonly s: number;
  /** Positions that took a token: revealed ones, and revealed ones that changed. */
  readonly revealed: readonly PositionChange[];
  readonly remasked: readonly PositionChange[];
  /** Positions that were written again with the token they held, and the confidence of the new draw. */
  readonly confirmed: readonly PositionChange[];
  /** What the model would have written where the sampler decided otherwise: every draw that was not taken. */
  readonly candidates: Candidates;
  /**
   * Mean entropy, in nats, of what the model said of the masked positions that it was asked about, before any of them was
   * filled; left out where it was asked about none.
   */
  readonly maskedEntropy?: number;
  /** Positions of the whole batch that hold `[MASK]` after the step. */
  readonly masked: number;
  /** Rows that this step finished. */
  readonly finishedRows: readonly number[];
  /** Network calls so far, a call of the whole batch being one; as the denoiser counts them, where it does. */
  readonly forwards: number;
  /** Rows that passed the network so far, over all calls: what they cost. Guidance passes each row twice. */
  readonly rowForwards: number;
}

/** The finished page. */
export interface GenerationFinished {
  readonly kind: "finished";
  /** A copy; shape [batch, seq]. */
  readonly ids: Int32Array;
  readonly steps: number;
  readonly forwards: number;
  readonly rowForwards: number;
}

export type GenerationEvent = GenerationStarted | StepFinished | GenerationFinished;
