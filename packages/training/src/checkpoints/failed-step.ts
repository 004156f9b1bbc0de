/** A step that ended in NaN or infinity, to be looked at, and what it was taken with. */
export interface FailedStep {
  /** Number of the step, the first is 1. */
  readonly step: number;
  /** What was not finite. */
  readonly problem: string;
  readonly learningRate: number;
  /** The micro-batches as the learner got them; flat arrays as lists. */
  readonly batches: readonly object[];
}
