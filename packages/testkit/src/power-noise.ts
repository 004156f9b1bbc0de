import type { NoiseSchedule } from "@textdiffusion/core";

/**
 * `alpha(t) = 1 - t^power`, for tests that need a schedule and not a package of them: power 1 is linear, 2 is the
 * `poly2` of Shi et al. 2024 (MD4, arXiv:2406.04329).
 */
export function powerNoise(power: number): NoiseSchedule {
  return {
    name: `power-${power}`,
    epsilon: 0,
    alpha: (t) => 1 - t ** power,
    alphaDerivative: (t) => -power * t ** (power - 1),
    timeAt: (alpha) => Math.min(1, Math.max(0, 1 - alpha)) ** (1 / power),
    maskRate: (t) => t ** power,
  };
}
