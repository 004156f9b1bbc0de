import { powerNoise } from "@textdiffusion/testkit";
import fc from "fast-check";
import { expect, it } from "vitest";
import { lossWeight, maskRate, revealProbability } from "./schedule-math.js";

const time = fc.double({ min: 1e-6, max: 1, noNaN: true });

it("the loss weight of 1 - t^p is p / t", () => {
  fc.assert(
    fc.property(fc.constantFrom(1, 2, 3, 0.5), time, (power, t) => {
      expect(lossWeight(powerNoise(power), t) / (power / t)).toBeCloseTo(1, 12);
    }),
    { seed: 1 },
  );
});

it("the linear reverse step from t to s reveals with probability 1 - s / t", () => {
  fc.assert(
    fc.property(time, fc.double({ min: 0, max: 1, noNaN: true }), (t, share) => {
      expect(revealProbability(powerNoise(1), t, share * t)).toBeCloseTo(1 - share, 12);
    }),
    { seed: 1 },
  );
});

it("steps compose: staying masked from t to r is staying from t to s and from s to r", () => {
  fc.assert(
    fc.property(
      time,
      fc.double({ min: 0.01, max: 1, noNaN: true }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (t, a, b) => {
        const schedule = powerNoise(2);
        const [s, r] = [t * a, t * a * b];
        const stay = (from: number, to: number) => 1 - revealProbability(schedule, from, to);
        expect(stay(t, r)).toBeCloseTo(stay(t, s) * stay(s, r), 12);
      },
    ),
    { seed: 1 },
  );
});

it("is a probability where nothing is masked, and where the schedule is not exact", () => {
  expect(revealProbability(powerNoise(1), 0, 0)).toBe(1);
  const rising = { ...powerNoise(1), maskRate: undefined, alpha: (t: number) => t };
  expect(revealProbability(rising, 0.9, 0.1)).toBe(0);
});

it("the mask rate is the schedule's own where it has one", () => {
  const { maskRate: _, ...without } = powerNoise(1);
  expect(maskRate(powerNoise(1), 1e-20)).toBe(1e-20);
  expect(maskRate(without, 1e-20)).toBe(0);
});
