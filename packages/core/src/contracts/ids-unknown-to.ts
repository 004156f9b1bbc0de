import { DiffusionError } from "../errors/diffusion-error.js";
import type { Tokenizer } from "./tokenizer.js";

/**
 * Rows of a model's vocabulary that a tokenizer cannot name, and that a denoiser so never draws: those past its end, which
 * pad many published models, and holes in it.
 *
 * @throws DiffusionError `TOKEN_OUT_OF_RANGE` for a tokenizer with more tokens than the model
 */
export function idsUnknownTo(tokenizer: Tokenizer, vocabularySize: number): number[] {
  if (tokenizer.vocabularySize > vocabularySize) {
    throw new DiffusionError({
      code: "TOKEN_OUT_OF_RANGE",
      component: "core/tokenizer",
      problem: `expected token ids from 0 to ${vocabularySize - 1}, the rows of the model, got ${tokenizer.vocabularySize - 1}`,
      remedy: "Does the tokenizer belong to this model?",
    });
  }
  const ids = Array.from({ length: vocabularySize }, (_, id) => id);
  return ids.filter((id) => id >= tokenizer.vocabularySize || tokenizer.token(id) === undefined);
}
