import { type Denoiser, predictorPositions } from "@textdiffusion/core";

/**
 * A denoiser from one whose answer at position p is the token at p + 1, as models adapted from autoregressive ones give
 * it (Dream, DiffuLLaMA): position p is asked at p - 1.
 *
 * Where nothing stands before a position, at the start of a row or after padding, it gets its own answer, as in Dream's
 * code. Such models learnt with a begin token there, so lay rows with `frame: true` for a tokenizer that has one.
 * Wrap once: a model that is aligned twice reads everything one token off.
 *
 * @param denoiser - owned from here on: `dispose()` frees it
 */
export function nextAlignedDenoiser(denoiser: Denoiser): Denoiser {
  const { name, vocabularySize, maxLength, timeConditioned } = denoiser;
  return {
    name,
    vocabularySize,
    maxLength,
    timeConditioned,
    denoise: (input) => denoiser.denoise({ ...input, positions: predictorPositions(input.positions, input) }),
    dispose: () => denoiser.dispose(),
  };
}
