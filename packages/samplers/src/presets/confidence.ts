import { decodeOptionsSync, defineSampler, type Sampler } from "@textdiffusion/core";
import { z } from "zod";
import { confidenceQuota } from "../commit/confidence-quota.js";
import { composeSampler } from "../compose-sampler.js";
import { nothing } from "../revise/nothing.js";
import { steps, temperature, topK, topP } from "./token-options.js";

const options = z.strictObject({
  steps: steps.default(32),
  temperature: temperature.default(0),
  topK: topK.optional(),
  topP: topP.optional(),
  scoreTemperature: z
    .number()
    .gt(0)
    .default(1)
    .describe(
      "Of the confidence that ranks positions; 1 is the model's own, whatever the temperature of the draw.",
    ),
});

/** Options of `confidence`: `steps` (default 32), `temperature` (0), `topK`, `topP` (all), `scoreTemperature` (1). */
export type ConfidenceOptions = z.input<typeof options>;

/**
 * A fixed number of tokens in each step, the most confident ones first; what is revealed stays.
 *
 * Nie et al. 2025 (LLaDA, arXiv:2502.09992), with the quotas of the noise schedule. The default temperature 0 is
 * LLaDA's: the best single answer of a well-trained model, the same for every seed. Raise it (0.7 to 1, `topP` 0.95)
 * for variety, and for models with little training, which repeat themselves under it.
 *
 * @throws DiffusionError `UNKNOWN_OPTION`, `CONFIG_INVALID`
 */
export function confidenceSampler(given: ConfidenceOptions = {}): Sampler {
  const { steps, ...token } = decodeOptionsSync(options, given, "sampler", 'sampler "confidence"');
  return composeSampler({ name: "confidence", token, commit: confidenceQuota, revise: nothing, steps });
}

/** `confidence` for configs. */
export const confidence = defineSampler({
  name: "confidence",
  description: "Reveals the most confident tokens first, a fixed number in each step.",
  options,
  create: confidenceSampler,
});
