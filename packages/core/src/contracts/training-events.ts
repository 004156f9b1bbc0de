/** Before the first step of this process. */
export interface TrainingStarted {
  readonly kind: "started";
  /** Steps already done: 0, or the step of the checkpoint that the run goes on from. */
  readonly step: number;
  /** Steps of the whole run. */
  readonly steps: number;
  readonly resumed: boolean;
  readonly parameterCount: number;
  /** Rows of one epoch; none of a stream. */
  readonly rowCount?: number;
  /** Rows of one optimizer step. */
  readonly rowsPerStep: number;
}

/** One optimizer step. Its numbers are its own, not averages, except for the speed. */
export interface TrainingStepFinished {
  readonly kind: "step";
  /** Steps done, this one included: 1 after the first. */
  readonly step: number;
  readonly steps: number;
  /** Passes over the rows so far, as a fraction; none of a stream. */
  readonly epoch?: number;
  readonly lossNats: number;
  /** Global L2 norm before clipping. */
  readonly gradientNorm: number;
  readonly learningRate: number;
  /** Tokens that the model attended to, padding left out, per second of learning since the last step event. */
  readonly tokensPerSecond: number;
  /** Memory of the whole process, in MB, where that can be known: in Node. */
  readonly residentMb?: number;
  /** Since this process started training. */
  readonly elapsedMs: number;
}

/** The loss or the gradient of this step stood far out above those before it. */
export interface SpikeFound {
  readonly kind: "spike";
  /** Steps done, this one included. */
  readonly step: number;
  readonly lossNats: number;
  /** From the steps before and the weights of this step's loss. */
  readonly expectedLossNats: number;
  /** How many usual deviations the loss lies above that. */
  readonly lossDeviations: number;
  /** Global L2 norm before clipping. */
  readonly gradientNorm: number;
  /** From the steps before and the weights of this step's loss. */
  readonly expectedGradientNorm: number;
  readonly gradientDeviations: number;
  /** What was done: `skip` left the update out. */
  readonly action: "report" | "skip";
  /** Has the batches of the step, where there is a store; the first spikes of a run have one each. */
  readonly file?: string;
}

/** Predictions at the positions that were masked at rates in (from, to]. */
export interface MaskRateScore {
  readonly from: number;
  readonly to: number;
  readonly positions: number;
  /** Mean cross entropy in nats. */
  readonly crossEntropy: number;
  /** Share of positions whose most probable token is the clean one. */
  readonly accuracy: number;
}

/** How a model predicts held-out text. */
export interface ValidationScores {
  /** Upper bound on the negative log-likelihood of a token, in nats. */
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

/** The validation before it was the best so far, and its model was kept: `result: "best"`. */
export interface BestModelSaved {
  readonly kind: "best";
  /** Steps done. */
  readonly step: number;
  readonly boundNats: number;
  readonly folder: string;
  /** Time that saving took. */
  readonly elapsedMs: number;
}

/** What a callback has to say. */
export interface CallbackSaid {
  readonly kind: "said";
  /** Steps done. */
  readonly step: number;
  /** Its name. */
  readonly callback: string;
  readonly text: string;
}

export interface TrainingFinished {
  readonly kind: "finished";
  /** Steps done: fewer than planned when the run was stopped or aborted. */
  readonly step: number;
  readonly steps: number;
  /** `stopped`: by early stopping, or by the callback that `stoppedBy` names. */
  readonly reason: "completed" | "stopped" | "aborted";
  readonly stoppedBy?: string;
  readonly elapsedMs: number;
}

export type TrainingEvent =
  | TrainingStarted
  | TrainingStepFinished
  | SpikeFound
  | ValidationFinished
  | CheckpointSaved
  | BestModelSaved
  | CallbackSaid
  | TrainingFinished;
