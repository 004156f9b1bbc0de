import type { SampleMetrics } from "../samples/measure-samples.js";

/** What a laboratory measured of one sampler. Plain JSON; NaN becomes null in a file. */
export interface LaboratoryRecord extends SampleMetrics {
  /** Records of one label are one line in a plot. */
  readonly label: string;
  /** What sets it apart from the others of its label. */
  readonly variant?: string;
  /** The sampler by name and options: what makes it again. */
  readonly config: unknown;
  /** The denoiser's own name, which says what wraps the model: guidance, an approximate cache. */
  readonly denoiser: string;
  /** Reverse steps planned; null for samplers that run until nothing is masked. */
  readonly steps: number | null;
  /** Rows that passed the network, for each sample: what the sample cost. */
  readonly forwards: number;
  /** Tokens written for each of them. */
  readonly tokensPerForward: number;
  /** Wall-clock time of generation for each sample, in batches of `batchSize`. */
  readonly secondsPerSample: number;
  /** Every sample. */
  readonly texts: readonly string[];
}

/** What all records of a report share. */
export interface LaboratorySettings {
  readonly formatVersion: 1;
  /** What the model is called. */
  readonly model: string;
  readonly schedule: string;
  /** Samples of each sampler. Sample i of every sampler draws from the same numbers. */
  readonly samples: number;
  /** Tokens of a sample, frame included. */
  readonly length: number;
  /** How every sample begins. */
  readonly prompt: string;
  readonly seed: number;
  readonly batchSize: number;
  /** Name and unit of the judge. */
  readonly scorer: string;
  readonly scorerUnit: string;
  /** The same measurements of natural text, in pieces as long as the samples. */
  readonly reference?: SampleMetrics;
  /** What the figures rest on, as the caller knows it: hashes of model and texts, versions, machine. Plain JSON. */
  readonly provenance?: object;
}

export interface LaboratoryReport extends LaboratorySettings {
  readonly records: readonly LaboratoryRecord[];
}

export type LaboratoryEvent =
  /** Before the first sampler; natural text is measured already. */
  | { readonly kind: "started"; readonly runs: number; readonly settings: LaboratorySettings }
  /** A reverse step of the sampler at hand. */
  | {
      readonly kind: "progress";
      /** Index of the sampler, from 0. */
      readonly run: number;
      readonly label: string;
      readonly variant?: string;
      /** Share of this sampler's tokens that is written, in [0, 1]. */
      readonly share: number;
    }
  /** A sampler is measured. */
  | { readonly kind: "measured"; readonly run: number; readonly record: LaboratoryRecord }
  | { readonly kind: "finished"; readonly report: LaboratoryReport };
