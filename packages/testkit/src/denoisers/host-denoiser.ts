import type { Denoiser } from "@textdiffusion/core";
import { hostDistributions } from "./host-distributions.js";

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
  /** Log-probabilities in nats at one position, normalised, minus infinity at the mask token; shape [vocab]. */
  predict(row: HostRow, position: number): Float64Array;
}

/** A denoiser without a device, from what it says about one position of one row. */
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
    denoise: async ({ seq, ids, attentionMask, time, positions }) =>
      hostDistributions(
        Array.from(positions, (flat) => {
          const row = Math.floor(flat / seq);
          const from = row * seq;
          const view = {
            ids: ids.subarray(from, from + seq),
            attentionMask: attentionMask.subarray(from, from + seq),
            time: time[row],
          };
          return predict(view, flat - from);
        }),
      ),
    dispose: () => undefined,
  };
}
