/** One position that a step changed. */
export interface PositionChange {
  readonly row: number;
  readonly position: number;
  readonly from: number;
  /** The new token; the mask id when the position went back to `[MASK]`. */
  readonly to: number;
  /** Log-probability, entropy (nats) and margin of the draw; undefined when the position was re-masked unseen. */
  readonly logProb?: number;
  readonly entropy?: number;
  readonly margin?: number;
}

/** The page before the first step. */
export interface GenerationStarted {
  readonly kind: "started";
  readonly batch: number;
  readonly seq: number;
  /** A copy of the canvas; shape [batch, seq]. */
  readonly ids: Int32Array;
  /** A copy; shape [batch, seq]. */
  readonly editable: Uint8Array;
  /** Steps planned, or undefined for a sampler that runs until nothing is masked. */
  readonly steps: number | undefined;
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
  /** Positions of the whole batch that hold `[MASK]` after the step. */
  readonly masked: number;
  /** Rows that this step finished. */
  readonly finishedRows: readonly number[];
  /** Network calls so far, a call of the whole batch being one. */
  readonly forwards: number;
  /** Rows times calls so far: what the calls cost. */
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
