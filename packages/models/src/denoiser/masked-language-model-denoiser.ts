import { type Denoiser, DiffusionError } from "@textdiffusion/core";
import { type MaskedLanguageModel, tokenDistributions } from "@textdiffusion/ops";

export interface MaskedLanguageModelDenoiserOptions {
  readonly maskTokenId: number;
  /** Further ids that are never drawn, as `idsUnknownTo` lists them. Default none. */
  readonly forbidden?: readonly number[];
}

/**
 * A masked language model as a denoiser: its softmax, with `[MASK]` and the forbidden ids taken out, is the
 * distribution of the clean token (the zero masking probability of SUBS, Sahoo et al. 2024, arXiv:2406.07524).
 *
 * @param model - owned from here on: `dispose()` of the denoiser frees it
 * @throws DiffusionError `TOKEN_OUT_OF_RANGE` for ids that the model has no row for
 */
export function maskedLanguageModelDenoiser(
  model: MaskedLanguageModel,
  { maskTokenId, forbidden }: MaskedLanguageModelDenoiserOptions,
): Denoiser {
  const never = neverDrawn(model, maskTokenId, forbidden);
  return {
    name: model.name,
    vocabularySize: model.vocabularySize,
    maxLength: model.maxLength,
    timeConditioned: false,
    denoise: async (input) => tokenDistributions(model.logits(input), { forbidden: never }),
    dispose: () => model.dispose(),
  };
}

/**
 * Ids without probability: the mask and the forbidden ones.
 *
 * @throws DiffusionError `TOKEN_OUT_OF_RANGE` for ids that the model has no row for
 */
export function neverDrawn(
  { vocabularySize }: MaskedLanguageModel,
  maskTokenId: number,
  forbidden: readonly number[] = [],
): number[] {
  const never = [...new Set([maskTokenId, ...forbidden])];
  const stray = never.find((id) => !Number.isInteger(id) || id < 0 || id >= vocabularySize);
  if (stray !== undefined) throw outOfRange(stray, vocabularySize);
  return never;
}

// --- internal ---

function outOfRange(id: number, vocabularySize: number): DiffusionError {
  return new DiffusionError({
    code: "TOKEN_OUT_OF_RANGE",
    component: "models/denoiser",
    problem: `expected token ids from 0 to ${vocabularySize - 1}, the rows of the model, got ${id}`,
    remedy: "Does the tokenizer belong to this model?",
  });
}
