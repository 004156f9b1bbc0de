import { describe, expect, it } from "vitest";
import { type LearningRatePlan, learningRateAt } from "./learning-rate.js";

const plan: LearningRatePlan = {
  learningRate: 8,
  steps: 12,
  warmupSteps: 4,
  decay: "linear",
  finalShare: 0,
};
const rates = (changes: Partial<LearningRatePlan>) =>
  Array.from({ length: 13 }, (_, step) => learningRateAt(step, { ...plan, ...changes }));

describe("learningRateAt", () => {
  it("climbs in equal parts, then falls in equal parts to 0 at the end", () => {
    expect(rates({})).toEqual([2, 4, 6, 8, 8, 7, 6, 5, 4, 3, 2, 1, 0]);
  });

  it("stays at its peak after warm-up when constant", () => {
    expect(rates({ decay: "constant" })).toEqual([2, 4, 6, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8]);
  });

  it("falls along half a cosine: 1, 3/4, 1/2, 1/4, 0 at progress 0, 1/3, 1/2, 2/3, 1", () => {
    const cosine = (step: number) =>
      learningRateAt(step, { ...plan, steps: 10, decay: "cosine", warmupSteps: 4 }) / plan.learningRate;
    expect([4, 6, 7, 8, 10].map(cosine)).toEqual(
      [1, 3 / 4, 1 / 2, 1 / 4, 0].map((share) => expect.closeTo(share, 12)),
    );
  });

  it("falls with the square root of the steps: half the peak at four times the warm-up", () => {
    const rates = [0, 3, 4, 15, 63].map((step) =>
      learningRateAt(step, { ...plan, steps: 64, decay: "inverse-sqrt" }),
    );
    expect(rates).toEqual([2, 8, 8 * Math.sqrt(4 / 5), 4, 2].map((rate) => expect.closeTo(rate, 12)));
    const unwarmed = (step: number) =>
      learningRateAt(step, { ...plan, warmupSteps: 0, decay: "inverse-sqrt" });
    expect([0, 3].map(unwarmed)).toEqual([8, 4]);
  });

  it("is a trapezoid: climbs, stays, and falls in equal parts over the last share", () => {
    expect(rates({ decay: "trapezoid", cooldownShare: 0.5 })).toEqual([
      2, 4, 6, 8, 8, 8, 8, 8, 8, 6, 4, 2, 0,
    ]);
    expect(rates({ decay: "trapezoid", cooldownShare: 1 })).toEqual(rates({ decay: "linear" }));
    const tenth = learningRateAt(90, { ...plan, warmupSteps: 0, steps: 100, decay: "trapezoid" });
    expect(tenth).toBeCloseTo(4, 12); // a fifth of the steps is the default
  });

  it.each(["linear", "cosine", "trapezoid"] as const)(
    "ends %s decay at the final share and never below it",
    (decay) => {
      const decayed = rates({ decay, finalShare: 0.25 });
      expect(decayed[12]).toBeCloseTo(2, 12);
      expect(Math.min(...decayed.slice(4))).toBeCloseTo(2, 12);
      expect(decayed[4]).toBe(8);
    },
  );

  it("starts at the peak without warm-up", () => {
    expect(learningRateAt(0, { ...plan, warmupSteps: 0 })).toBe(8);
  });
});
