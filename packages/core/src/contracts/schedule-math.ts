import type { NoiseSchedule } from "./noise-schedule.js";

/** Share of tokens that are masked at time `t`: `1 - alpha(t)`. */
export function maskRate(schedule: NoiseSchedule, t: number): number {
  return schedule.maskRate?.(t) ?? 1 - schedule.alpha(t);
}

/**
 * Weight of the cross entropy at time `t` in the continuous-time bound: `w(t) = -alpha'(t) / (1 - alpha(t))`.
 * Sahoo et al. 2024, "Simple and Effective Masked Diffusion Language Models", arXiv:2406.07524, equation 10.
 */
export function lossWeight(schedule: NoiseSchedule, t: number): number {
  return -schedule.alphaDerivative(t) / maskRate(schedule, t);
}

/**
 * Probability that a token masked at `t` is revealed by the exact reverse step to `s < t`:
 * `(alpha_s - alpha_t) / (1 - alpha_t)`. Written with mask rates, which lose no digits near t = 0.
 */
export function revealProbability(schedule: NoiseSchedule, t: number, s: number): number {
  const rateAtT = maskRate(schedule, t);
  return rateAtT <= 0 ? 1 : Math.min(1, Math.max(0, 1 - maskRate(schedule, s) / rateAtT));
}
