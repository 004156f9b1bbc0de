import { createPipeline, lossWeight, maskRate, revealProbability } from "@textdiffusion/core";
import { noiseScheduleLaws, pluginLaws } from "@textdiffusion/testkit";
import { describe, expect, it } from "vitest";
import plugin, { myComponentSchedule } from "./index.js";

describe("the laws of a plugin, and of its component as a config makes it", async () => {
  const laws = await pluginLaws(plugin);
  for (const law of laws) it.skipIf(law.skip !== undefined)(law.name, () => law.run());
});

describe.each([1, 3.5])("the laws of a schedule, power %d", (power) => {
  for (const law of noiseScheduleLaws(() => myComponentSchedule({ power }))) {
    it.skipIf(law.skip !== undefined)(law.name, law.run);
  }
});

describe("my-component", () => {
  it("is (1 - t)^2 by default", () => {
    const schedule = myComponentSchedule();
    expect(schedule.alpha(0.5)).toBe(0.25);
    expect(schedule.timeAt(0.25)).toBeCloseTo(0.5, 14);
    expect(revealProbability(schedule, 1, 0.5)).toBeCloseTo(0.25, 14); // a page of masks: alpha(0.5)
  });

  it("keeps its digits where little is masked: m(t) = 2 t - t^2, w(t) = 2 (1 - t) / m(t)", () => {
    const [schedule, t] = [myComponentSchedule(), 1e-9];
    expect(maskRate(schedule, t) / (2 * t - t * t)).toBeCloseTo(1, 14);
    expect(lossWeight(schedule, t) / ((2 * (1 - t)) / (2 * t - t * t))).toBeCloseTo(1, 14);
  });

  it("can be named in a config", async () => {
    const pipeline = await createPipeline({
      plugins: [plugin],
      schedule: { name: "my-component", power: 3 },
    });
    expect((await pipeline.get("schedule")).alpha(0.5)).toBe(0.125);
    await pipeline.dispose();
  });

  it("refuses options that it does not have", () => {
    expect(() => myComponentSchedule({ pwer: 3 } as object)).toThrow(/UNKNOWN_OPTION/);
  });
});
