import type { NoiseSchedule, SamplerRow } from "@textdiffusion/core";
import { powerNoise } from "@textdiffusion/testkit";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { revealQuota, roundHalfEven } from "./quota.js";

/** The row that `revealQuota` sees: only how many are masked, and where in time the step is. */
function rowAt(schedule: NoiseSchedule, masked: number, step: number, steps: number): SamplerRow {
  const nothing = new Int32Array(0);
  return {
    ids: nothing,
    editable: new Uint8Array(0),
    masked: new Int32Array(masked),
    editablePositions: nothing,
    step,
    steps,
    t: 1 - step / steps,
    s: 1 - (step + 1) / steps,
    schedule,
    revealLogProbs: new Float64Array(0),
    random: { uniform: () => 0.5 },
    ends: new Map(),
  };
}

function quotas(schedule: NoiseSchedule, masked: number, steps: number): number[] {
  const list: number[] = [];
  for (let step = 0; step < steps; step++) {
    const quota = revealQuota(rowAt(schedule, masked, step, steps));
    list.push(quota);
    masked -= quota;
  }
  expect(masked).toBe(0);
  return list;
}

/** numerator / denominator, both whole, rounded half to even without any rounding on the way. */
function exactHalfEven(numerator: bigint, denominator: bigint): number {
  const below = numerator / denominator;
  const twiceRest = 2n * (numerator - below * denominator);
  if (twiceRest === denominator) return Number(below % 2n === 0n ? below : below + 1n);
  return Number(twiceRest < denominator ? below : below + 1n);
}

describe("revealQuota under linear noise", () => {
  it.each([
    // round-half-even(left / (S - step)), worked out by hand
    { masked: 10, steps: 4, expected: [2, 3, 2, 3] },
    { masked: 20, steps: 8, expected: [2, 3, 2, 3, 2, 3, 2, 3] },
    { masked: 32, steps: 10, expected: [3, 3, 3, 3, 3, 3, 4, 3, 4, 3] },
    { masked: 64, steps: 10, expected: [6, 6, 6, 7, 6, 7, 6, 7, 6, 7] },
    { masked: 32, steps: 12, expected: [3, 3, 3, 3, 2, 3, 2, 3, 2, 3, 2, 3] },
    { masked: 5, steps: 8, expected: [1, 1, 0, 1, 0, 1, 0, 1] },
    { masked: 0, steps: 2, expected: [0, 0] },
    { masked: 7, steps: 1, expected: [7] },
  ])("$masked masks in $steps steps: $expected", ({ masked, steps, expected }) => {
    expect(quotas(powerNoise(1), masked, steps)).toEqual(expected);
  });

  it("is exact rational arithmetic", () => {
    const linear = powerNoise(1);
    for (let steps = 1; steps <= 90; steps++) {
      for (let step = 0; step < steps; step++) {
        for (let masked = 0; masked <= 90; masked++) {
          const exact = step === steps - 1 ? masked : exactHalfEven(BigInt(masked), BigInt(steps - step));
          if (revealQuota(rowAt(linear, masked, step, steps)) !== exact) {
            expect.fail(`${masked} masks at step ${step} of ${steps}: expected ${exact}`);
          }
        }
      }
    }
  });

  it("is exact for long texts in many steps", () => {
    const linear = powerNoise(1);
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 8192 }),
        fc.integer({ min: 2, max: 20_000 }),
        fc.nat(),
        (masked, steps, at) => {
          const step = at % (steps - 1);
          expect(revealQuota(rowAt(linear, masked, step, steps))).toBe(
            exactHalfEven(BigInt(masked), BigInt(steps - step)),
          );
        },
      ),
      { seed: 1, numRuns: 500 },
    );
  });
});

describe("revealQuota under other noise", () => {
  it("is exact for rational schedules: t^2 gives left * (1 - ((S - step - 1) / (S - step))^2)", () => {
    const quadratic = powerNoise(2);
    for (let steps = 2; steps <= 60; steps++) {
      for (let step = 0; step < steps - 1; step++) {
        for (let masked = 0; masked <= 80; masked++) {
          const d = BigInt(steps - step);
          const exact = exactHalfEven(BigInt(masked) * (d * d - (d - 1n) * (d - 1n)), d * d);
          if (revealQuota(rowAt(quadratic, masked, step, steps)) !== exact) {
            expect.fail(`${masked} masks at step ${step} of ${steps}: expected ${exact}`);
          }
        }
      }
    }
  });

  it("takes what is left in the last step, though the schedule keeps some noise at t = 0", () => {
    const stained = { ...powerNoise(1), epsilon: 0.1, maskRate: (t: number) => 0.1 + 0.9 * t };
    quotas(stained, 37, 5); // expects that nothing is left
  });
});

it("roundHalfEven rounds halves to the even neighbour and all else to the nearest", () => {
  expect([0.5, 1.5, 2.5, 3.5, 0.49, 0.51, 2, 2.5 + 1e-9, 2.5 - 1e-9, 2.5 + 1e-5].map(roundHalfEven)).toEqual([
    0, 2, 2, 4, 0, 1, 2, 2, 2, 3,
  ]);
});
