import type { Denoiser } from "@textdiffusion/core";
import { hostDenoiser } from "./host-denoiser.js";

/** Knows nothing: the same probability for every token but the mask. */
export function uniformDenoiser(options: {
  readonly vocabularySize: number;
  readonly maskTokenId: number;
}): Denoiser {
  const { vocabularySize, maskTokenId } = options;
  const logProbs = new Float64Array(vocabularySize).fill(-Math.log(vocabularySize - 1));
  logProbs[maskTokenId] = Number.NEGATIVE_INFINITY;
  return hostDenoiser({ name: "uniform", vocabularySize, predict: () => () => logProbs });
}
