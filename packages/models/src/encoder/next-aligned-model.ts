import { predictorPositions } from "@textdiffusion/core";
import type { MaskedLanguageModel } from "@textdiffusion/ops";

/**
 * A model from one whose logits at position p are of the token at p + 1: a learner that trains it, and a denoiser made of
 * it, read position p at p - 1, and the first position of a row at its own. The weights are those of `model`.
 */
export function nextAlignedModel(model: MaskedLanguageModel): MaskedLanguageModel {
  const { name, vocabularySize, maxLength, parameters } = model;
  return {
    name,
    vocabularySize,
    maxLength,
    parameters,
    logits: (input, dropout) =>
      model.logits({ ...input, positions: predictorPositions(input.positions, input) }, dropout),
    dispose: () => model.dispose(),
  };
}
