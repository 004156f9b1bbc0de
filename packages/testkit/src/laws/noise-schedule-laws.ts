import { lossWeight, maskRate, type NoiseSchedule } from "@textdiffusion/core";
import { close, holds } from "../expect-law.js";
import { type Law, type LawSkip, withSkips } from "../law.js";

export interface NoiseScheduleLawOptions {
  readonly skip?: readonly LawSkip[];
}

/**
 * The laws of `NoiseSchedule`: `clean-at-zero`, `masked-at-one`, `never-rises`, `derivative-agrees`,
 * `derivative-never-positive`, `weight-is-finite`, `inverse-returns`, `inverse-is-clamped`, `mask-rate-agrees`.
 *
 * @param make - makes a fresh schedule
 */
export function noiseScheduleLaws(make: () => NoiseSchedule, { skip }: NoiseScheduleLawOptions = {}): Law[] {
  const law = (name: string, check: (schedule: NoiseSchedule) => void): Law => ({
    name,
    run: () => check(make()),
  });
  return withSkips(
    [
      law("clean-at-zero", (schedule) => {
        const alpha = schedule.alpha(0);
        holds(
          alpha >= 1 - schedule.epsilon - rounding && alpha <= 1,
          () => `expected alpha(0) in [1 - ${schedule.epsilon}, 1], got ${alpha}`,
        );
      }),
      law("masked-at-one", (schedule) => {
        const alpha = schedule.alpha(1);
        holds(
          alpha >= 0 && alpha <= schedule.epsilon + rounding,
          () => `expected alpha(1) in [0, ${schedule.epsilon}], got ${alpha}`,
        );
      }),
      law("never-rises", (schedule) => {
        times.forEach((t, index) => {
          if (index === 0) return;
          const [before, after] = [schedule.alpha(times[index - 1]), schedule.alpha(t)];
          holds(
            after <= before + rounding && after >= 0 && before <= 1,
            () => `expected alpha(${t}) in [0, alpha(${times[index - 1]}) = ${before}], got ${after}`,
          );
        });
      }),
      law("derivative-agrees", (schedule) => {
        for (const t of inner) {
          const derivative = schedule.alphaDerivative(t);
          // Richardson: the error of the central difference of h falls with h^2, so this one's with h^4.
          const difference = (h: number) => (schedule.alpha(t + h) - schedule.alpha(t - h)) / (2 * h);
          const expected = (4 * difference(5e-4) - difference(1e-3)) / 3;
          close(
            derivative,
            expected,
            1e-5 * Math.max(1, Math.abs(expected)),
            `the derivative of alpha at ${t}`,
          );
        }
      }),
      law("derivative-never-positive", (schedule) => {
        for (const t of times.filter((time) => time > 0)) {
          const derivative = schedule.alphaDerivative(t);
          holds(derivative <= 0, () => `expected a derivative of at most 0 at ${t}, got ${derivative}`);
        }
      }),
      law("weight-is-finite", (schedule) => {
        for (const t of times.filter((time) => time > 0)) {
          const weight = lossWeight(schedule, t);
          holds(
            weight >= 0 && Number.isFinite(weight),
            () => `expected a finite loss weight of at least 0 at ${t}, got ${weight}`,
          );
        }
      }),
      law("inverse-returns", (schedule) => {
        for (const t of times) {
          // Where alpha is flat a double of it stands for many times: 1e-6 is the square root of its rounding, and more.
          close(schedule.timeAt(schedule.alpha(t)), t, 1e-6, `timeAt(alpha(${t}))`);
        }
      }),
      law("inverse-is-clamped", (schedule) => {
        close(schedule.timeAt(1.5), 0, 0, "timeAt(1.5)");
        close(schedule.timeAt(-0.5), 1, 0, "timeAt(-0.5)");
      }),
      law("mask-rate-agrees", (schedule) => {
        for (const t of times)
          close(maskRate(schedule, t), 1 - schedule.alpha(t), 4 * rounding, `the mask rate at ${t}`);
      }),
    ],
    skip,
  );
}

// --- internal ---

/** A few units in the last place of a number near 1. */
const rounding = 1e-15;

/** 0 to 1, dense near both ends. */
const times = [
  0,
  ...Array.from({ length: 9 }, (_, index) => 10 ** (index - 12)),
  ...Array.from({ length: 999 }, (_, index) => (index + 1) / 1000),
  ...Array.from({ length: 9 }, (_, index) => 1 - 10 ** (-4 - index)),
  1,
];

/** Where a difference of width 1e-3 stays well inside. */
const inner = Array.from({ length: 97 }, (_, index) => (index + 2) / 100);
