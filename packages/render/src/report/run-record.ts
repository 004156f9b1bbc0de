/** A run of training as its `metrics.jsonl` tells it. */
export interface TrainingRunRecord {
  /** How it is called in the report. */
  readonly name: string;
  readonly points: readonly ReportPoint[];
}

/** What is drawn of an event; what it does not say is left out. */
export interface ReportPoint {
  readonly step: number;
  readonly lossNats?: number;
  readonly learningRate?: number;
  readonly gradientNorm?: number;
  readonly tokensPerSecond?: number;
  readonly residentMb?: number;
  /** Loss and gradient norm of a spike, the gradient before clipping. */
  readonly spikeLossNats?: number;
  readonly spikeGradientNorm?: number;
  readonly boundNats?: number;
  readonly accuracy?: number;
  /** Cross entropy in nats at the middles of mask rates. */
  readonly byMaskRate?: readonly (readonly [maskRate: number, crossEntropy: number])[];
}
