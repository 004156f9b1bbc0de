import type { Denoiser } from "@textdiffusion/core";
import { hostDenoiser } from "./host-denoiser.js";

/** One text of an explicit distribution. */
export interface JointEntry {
  /** shape [seq], the same for all entries */
  readonly ids: readonly number[];
  readonly probability: number;
}

/**
 * The perfect denoiser of a distribution small enough to write down: at each position the exact conditional
 * `p(x_i = v | the tokens that the canvas shows)`, by enumeration. A revealed position answers with its own token.
 * A canvas that the distribution cannot produce gets the uniform distribution.
 *
 * @param options - `joint`: every text with its probability; they sum to 1
 * @throws Error for probabilities that do not sum to 1, texts of unequal length or ids that are no text
 */
export function tableDenoiser(options: {
  readonly vocabularySize: number;
  readonly maskTokenId: number;
  readonly joint: readonly JointEntry[];
}): Denoiser {
  const { vocabularySize, maskTokenId, joint } = options;
  const seq = joint[0]?.ids.length ?? 0;
  const mass = joint.reduce((sum, { probability }) => sum + probability, 0);
  if (!(Math.abs(mass - 1) < 1e-9)) throw new Error(`expected probabilities that sum to 1, got ${mass}`);
  for (const { ids } of joint) {
    if (ids.length !== seq) throw new Error(`expected texts of ${seq} tokens, got one of ${ids.length}`);
    const wrong = ids.find((id) => !(id >= 0 && id < vocabularySize) || id === maskTokenId);
    if (wrong !== undefined)
      throw new Error(`expected text ids below ${vocabularySize}, not the mask, got ${wrong}`);
  }
  return hostDenoiser({
    name: "table",
    vocabularySize,
    maxLength: seq,
    predict: ({ ids }) => {
      const possible = joint.filter(({ ids: text }) =>
        text.every((id, place) => ids[place] === maskTokenId || ids[place] === id),
      );
      const evidence = possible.reduce((sum, { probability }) => sum + probability, 0);
      return (position) => {
        const masses = new Float64Array(vocabularySize);
        if (evidence === 0) {
          return masses.map((_, id) =>
            id === maskTokenId ? Number.NEGATIVE_INFINITY : -Math.log(vocabularySize - 1),
          );
        }
        for (const { ids: text, probability } of possible) masses[text[position]] += probability;
        return masses.map((part) => Math.log(part / evidence));
      };
    },
  });
}
