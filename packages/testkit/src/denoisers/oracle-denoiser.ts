import type { Denoiser } from "@textdiffusion/core";
import { hostDenoiser } from "./host-denoiser.js";

/**
 * Knows the text: at each position all probability is on `text[position]`, whatever the canvas shows.
 *
 * @param options - `text`: shape [seq], without the mask token
 */
export function oracleDenoiser(options: {
  readonly vocabularySize: number;
  readonly text: ArrayLike<number>;
}): Denoiser {
  return hostDenoiser({
    name: "oracle",
    vocabularySize: options.vocabularySize,
    maxLength: options.text.length,
    predict: () => (position) => {
      const logProbs = new Float64Array(options.vocabularySize).fill(Number.NEGATIVE_INFINITY);
      logProbs[options.text[position]] = 0;
      return logProbs;
    },
  });
}
