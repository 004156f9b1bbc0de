/** Before the first step of this process. */
export interface TrainingStarted {
  readonly kind: "started";
  /** Steps already done: 0, or the step of the checkpoint that the run goes on from. */
  readonly step: number;
  /** Steps of the whole run. */
  readonly steps: number;
  readonly resumed: boolean;
  readonly parameterCount: number;
  /** Rows of one epoch. */
  readonly rowCount: number;
  /** Rows of one optimizer step. */
  readonly rowsPerStep: number;
}

/** One optimizer step. Its numbers are its own, not averages, except for the speed. */
export interface TrainingStepFinished {
  readonly kind: "step";
  /** Steps done, this one included: 1 after the first. */
  readonly step: number;
  readonly steps: number;
  /** Passes over the rows so far, as a fraction. */
  readonly epoch: number;
  readonly lossNats: number;
  /** Global L2 norm before clipping. */
  readonly gradientNorm: number;
  readonly learningRate: number;
  /** Tokens that the model attended to, padding left out, per second of learning since the last step event. */
  readonly tokensPerSecond: number;
  /** Since this process started training. */
  readonly elapsedMs: number;
}

/** Predictions at the positions of the validation set that were masked at rates in (from, to]. */
export interface MaskRateScore {
  readonly from: number;
  readonly to: number;
  readonly positions: number;
  /** Mean cross entropy in nats. */
  readonly crossEntropy: number;
  /** Share of positions whose most probable token is the clean one. */
  readonly accuracy: number;
}

export interface ValidationScores {
  /** Upper bound on the negative log-likelihood of a token, in nats: see `summarizeScores`. */
  readonly boundNats: number;
  /** Over all masked positions. */
  readonly accuracy: number;
  /** Ten buckets of equal width, ascending; empty ones are left out. */
  readonly byMaskRate: readonly MaskRateScore[];
}

export interface ValidationFinished extends ValidationScores {
  readonly kind: "validation";
  /** Steps done. */
  readonly step: number;
  /** Time that the validation took. */
  readonly elapsedMs: number;
}

export interface CheckpointSaved {
  readonly kind: "checkpoint";
  /** Steps done. */
  readonly step: number;
  readonly folder: string;
  readonly sizeBytes: number;
  /** Time that saving took. */
  readonly elapsedMs: number;
}

export interface TrainingFinished {
  readonly kind: "finished";
  /** Steps done: fewer than planned when the run was aborted. */
  readonly step: number;
  readonly steps: number;
  readonly reason: "completed" | "aborted";
  readonly elapsedMs: number;
}

export type TrainingEvent =
  | TrainingStarted
  | TrainingStepFinished
  | ValidationFinished
  | CheckpointSaved
  | TrainingFinished;
