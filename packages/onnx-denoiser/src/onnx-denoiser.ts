import { type Denoiser, DiffusionError, type ErrorCode, hostDistributions } from "@textdiffusion/core";
import type { OnnxModel } from "./model/onnx-model.js";

export interface OnnxDenoiserOptions {
  /** Longest canvas. The file does not say it; `config.json` does. */
  readonly maxLength: number;
  readonly maskTokenId: number;
  /** Further ids that are never drawn, as `idsUnknownTo` lists them. Default none. */
  readonly forbidden?: readonly number[];
}

/**
 * A masked language model in an ONNX file as a denoiser: its softmax, with `[MASK]` and the forbidden ids taken out, is
 * the distribution of the clean token. Logits of the requested positions are copied from the runtime; everything after
 * that is computed on the host in doubles.
 *
 * @param model - owned from here on: `dispose()` of the denoiser frees it
 * @throws DiffusionError `TOKEN_OUT_OF_RANGE` for ids that the model has no logit for; `denoise` throws `SHAPE_MISMATCH`
 * for rows longer than `maxLength`, `NOT_A_NUMBER` for logits that are none, and what `model.logits` throws
 */
export function onnxDenoiser(
  model: OnnxModel,
  { maxLength, maskTokenId, forbidden = [] }: OnnxDenoiserOptions,
): Denoiser {
  const { vocabularySize } = model;
  const never = [...new Set([maskTokenId, ...forbidden])];
  const stray = never.find((id) => !Number.isInteger(id) || id < 0 || id >= vocabularySize);
  if (stray !== undefined) {
    throw invalid(
      "TOKEN_OUT_OF_RANGE",
      `token ids from 0 to ${vocabularySize - 1}, the logits of ${model.source}, got ${stray}`,
      "Does the tokenizer belong to this model?",
    );
  }
  return {
    name: "onnx",
    vocabularySize,
    maxLength,
    timeConditioned: false,
    async denoise(input) {
      const { seq, positions } = input;
      if (seq > maxLength)
        throw invalid(
          "SHAPE_MISMATCH",
          `rows of at most ${maxLength} tokens, got ${seq}`,
          "Use shorter rows",
        );
      const logits = await model.logits(input);
      return hostDistributions(
        Array.from(positions, (flat, index) => {
          const row = logits.subarray(index * vocabularySize, (index + 1) * vocabularySize);
          return logProbsOf(row, never, flat);
        }),
      );
    },
    dispose: () => model.dispose(),
  };
}

// --- internal ---

/** Normalised log-probabilities in doubles, from logits of one position; both of shape [vocab]. */
function logProbsOf(logits: Float32Array, never: readonly number[], flat: number): Float64Array {
  const row = new Float64Array(logits);
  for (const id of never) row[id] = Number.NEGATIVE_INFINITY;
  let largest = Number.NEGATIVE_INFINITY;
  for (const logit of row) if (logit > largest) largest = logit;
  let mass = 0; // NaN where a logit is
  for (const logit of row) mass += Math.exp(logit - largest);
  const logMass = largest + Math.log(mass);
  if (!Number.isFinite(logMass)) {
    throw invalid(
      "NOT_A_NUMBER",
      `finite logits at position ${flat}, got ones without a sum of powers: ${logMass}`,
      "The model is damaged, or its precision too low: use another file of it",
    );
  }
  for (let id = 0; id < row.length; id++) row[id] -= logMass;
  return row;
}

function invalid(code: ErrorCode, expectedAndGot: string, remedy: string): DiffusionError {
  return new DiffusionError({
    code,
    component: "onnx-denoiser/denoiser",
    problem: `expected ${expectedAndGot}`,
    remedy,
  });
}
