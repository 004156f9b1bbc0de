import type { NoiseSchedule } from "./noise-schedule.js";
import type { Sampler, SamplerSteps } from "./sampler.js";

/** The steps of a sampler in a row of which `editable` positions may be written. */
export function stepsOf({ steps }: Pick<Sampler, "steps">, editable: number): SamplerSteps {
  return typeof steps === "function" ? steps(editable) : steps;
}

/**
 * Time before and after a step, `s < t`: on a grid `1 - step / steps` and the next, else the time at which noise would
 * have masked the share that is masked now, and 0.
 */
export function timesOf(
  steps: SamplerSteps,
  step: number,
  schedule: NoiseSchedule,
  maskedShare: number,
): { readonly t: number; readonly s: number } {
  if (steps === "until-done") return { t: schedule.timeAt(1 - maskedShare), s: 0 };
  return { t: 1 - step / steps, s: 1 - (step + 1) / steps };
}
