import { type Denoiser, hostDistributions } from "@textdiffusion/core";

/** One row of a canvas, as a denoiser on the host sees it. */
export interface HostRow {
  /** shape [seq] */
  readonly ids: Int32Array;
  /** shape [seq] */
  readonly attentionMask: Uint8Array;
  readonly time: number;
}

export interface HostDenoiserOptions {
  readonly name: string;
  readonly vocabularySize: number;
  /** Default 512. */
  readonly maxLength?: number;
  /**
   * What it says about one row: a function from position to log-probabilities in nats, normalised, minus infinity at
   * the mask token; shape [vocab].
   */
  predict(row: HostRow): (position: number) => Float64Array;
}

/** A denoiser without a device, from what it says about one row. */
export function hostDenoiser({
  name,
  vocabularySize,
  maxLength = 512,
  predict,
}: HostDenoiserOptions): Denoiser {
  return {
    name,
    vocabularySize,
    maxLength,
    timeConditioned: false,
    denoise: async ({ batch, seq, ids, attentionMask, time, positions }) => {
      const rows = Array.from({ length: batch }, (_, row) =>
        predict({
          ids: ids.subarray(row * seq, (row + 1) * seq),
          attentionMask: attentionMask.subarray(row * seq, (row + 1) * seq),
          time: time[row],
        }),
      );
      return hostDistributions(Array.from(positions, (flat) => rows[Math.floor(flat / seq)](flat % seq)));
    },
    dispose: () => undefined,
  };
}
