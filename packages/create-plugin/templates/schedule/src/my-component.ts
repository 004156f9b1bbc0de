import { decodeOptionsSync, type NoiseSchedule } from "@textdiffusion/core";
import { z } from "zod";

export const myComponentOptions = z.strictObject({
  power: z.number().min(1).max(16).default(2).describe("1 is linear; above it most tokens are masked early."),
});

/** Options of `my-component`: `power` (default 2). */
export type MyComponentOptions = z.input<typeof myComponentOptions>;

/**
 * `alpha(t) = (1 - t)^p`, `alpha'(t) = -p (1 - t)^(p - 1)`, and the inverse `t = 1 - alpha^(1 / p)`.
 *
 * Noise rises fast and then slowly, so generation writes little at first and hurries at its end. Below a power of 1 the
 * loss weight would be infinite at t = 1.
 *
 * @throws DiffusionError `UNKNOWN_OPTION`, `CONFIG_INVALID`
 */
export function myComponentSchedule(given: MyComponentOptions = {}): NoiseSchedule {
  const { power } = decodeOptionsSync(myComponentOptions, given, "schedule", 'schedule "my-component"');
  return {
    name: "my-component",
    epsilon: 0, // exact: everything is clean at t = 0 and masked at t = 1
    alpha: (t) => (1 - t) ** power,
    alphaDerivative: (t) => -power * (1 - t) ** (power - 1),
    // 1 - (1 - t)^p has lost nine of its sixteen digits at t = 1e-9, and the loss weight divides by it.
    maskRate: (t) => -Math.expm1(power * Math.log1p(-t)),
    timeAt: (alpha) => -Math.expm1(Math.log(Math.min(1, Math.max(0, alpha))) / power),
  };
}
