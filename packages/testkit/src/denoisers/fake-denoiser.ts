import { type Denoiser, Random } from "@textdiffusion/core";
import { hostDenoiser } from "./host-denoiser.js";

/**
 * Has opinions about everything and knowledge of nothing: normal pseudo-random logits that depend on the attended ids
 * of the row and on the position alone. For traces, where each token must follow from the canvas, and for laws.
 *
 * @param options - `sharpness`: standard deviation of the logits, default 2; higher is more confident
 */
export function fakeDenoiser(options: {
  readonly vocabularySize: number;
  readonly maskTokenId: number;
  readonly sharpness?: number;
  readonly seed?: number;
}): Denoiser {
  const { vocabularySize, maskTokenId, sharpness = 2, seed = 0 } = options;
  return hostDenoiser({
    name: "fake",
    vocabularySize,
    predict: ({ ids, attentionMask }) => {
      const seen = Array.from(ids, (id, place) => (attentionMask[place] === 1 ? id : vocabularySize));
      const random = Random.fromSeed(seed).split(...seen);
      return (position) => {
        const normals = random
          .split("position", position)
          .fillNormal(new Float32Array(vocabularySize), sharpness);
        const logits = Float64Array.from(normals);
        logits[maskTokenId] = Number.NEGATIVE_INFINITY;
        const mass = logits.reduce((sum, logit) => sum + Math.exp(logit), 0);
        return logits.map((logit) => logit - Math.log(mass));
      };
    },
  });
}
