import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import {
  byName,
  createPipeline,
  DiffusionError,
  lossWeight,
  maskRate,
  type NoiseSchedule,
  Registry,
} from "@textdiffusion/core";
import { noiseScheduleLaws } from "@textdiffusion/testkit";
import { describe, expect, it } from "vitest";
import { insetSchedule, linearSchedule, powerSchedule, schedulesPlugin } from "./index.js";

interface Golden {
  readonly name: string;
  readonly options: Record<string, unknown>;
  readonly points: readonly {
    readonly t: number;
    readonly alpha: number;
    readonly alphaDerivative: number;
    readonly maskRate: number;
    readonly lossWeight: number;
  }[];
}

const goldenFile = new URL("../../../scripts/golden/schedules.json", import.meta.url);
const golden: Golden[] = JSON.parse(readFileSync(goldenFile, "utf8"));
const registry = new Registry([schedulesPlugin]);

/** As a config makes it. */
async function named(name: string, options: Record<string, unknown> = {}): Promise<NoiseSchedule> {
  const pipeline = await createPipeline({
    plugins: [schedulesPlugin],
    schedule: byName({ name, ...options }),
  });
  return pipeline.get("schedule");
}

const schedules = await Promise.all(
  golden.map(async (entry) => ({
    ...entry,
    label: [entry.name, ...Object.values(entry.options)].join(" "),
    schedule: await named(entry.name, entry.options),
  })),
);

describe.each(schedules)("$label", ({ name, points, schedule }) => {
  for (const law of noiseScheduleLaws(() => schedule)) it(law.name, law.run);

  it.each(points)("has its golden values at t = $t", (point) => {
    // Relative, so that a number near either end of time keeps its digits too.
    expectRelative(schedule.alpha(point.t), point.alpha);
    expectRelative(schedule.alphaDerivative(point.t), point.alphaDerivative);
    expectRelative(maskRate(schedule, point.t), point.maskRate);
    expectRelative(lossWeight(schedule, point.t), point.lossWeight);
    // An alpha rounded to a double has lost this much of its time.
    const lost = 4e-16 / Math.abs(point.alphaDerivative);
    expect(Math.abs(schedule.timeAt(point.alpha) - point.t)).toBeLessThanOrEqual(2e-15 + lost);
  });

  it("refuses an option that it does not have", async () => {
    await expect(named(name, { warmup: 1 })).rejects.toThrow(/schedule\.warmup.*\(UNKNOWN_OPTION\)/s);
  });

  it("has the bound of every schedule: the integral of w(t) f(m(t)) over t is that of f(m) / m over m", () => {
    // f(m) = m^2 (3 - m), whose integral over m, divided by m, is 3/2 m^2 - m^3 / 3. Simpson's rule on s^2 = t, which
    // tames the roots at t = 0.
    const sum = simpson((s) => {
      const t = s * s;
      const m = maskRate(schedule, t);
      return t === 0 ? 0 : 2 * s * lossWeight(schedule, t) * m * m * (3 - m);
    });
    const total = (m: number) => 1.5 * m * m - m ** 3 / 3;
    expect(sum).toBeCloseTo(total(maskRate(schedule, 1)) - total(maskRate(schedule, 0)), 8);
  });
});

it("golden values are what their script derives", () => {
  const script = fileURLToPath(new URL("schedules.mjs", goldenFile));
  expect(JSON.parse(execFileSync(process.execPath, [script], { encoding: "utf8" }))).toEqual(golden);
});

it("there are golden values of every schedule but those with a curve for each position", () => {
  const positional = ["left-to-right", "spindle"];
  expect([...new Set([...golden.map(({ name }) => name), ...positional])].sort()).toEqual(
    registry.names("schedule"),
  );
  expect(() => registry.find("schedule", "cosin")).toThrow(DiffusionError);
});

describe("mask rates and weights agree with a table worked out apart from this project, to its five digits", () => {
  const times = [0.25, 0.5, 0.75, 1];
  it.each<[string, object, number[], number[]]>([
    ["log-linear", {}, [0.24975, 0.4995, 0.74925, 0.999], [4, 2, 1.33333, 1]],
    ["cosine", {}, [0.382683, Math.SQRT1_2, 0.92388, 1], [3.79224, 1.5708, 0.65065, 0]],
    ["mdlm-cosine", {}, [0.076044, 0.2926, 0.616699, 0.999], [7.89693, 3.79224, 2.35086, 1.5708]],
    ["cosine-squared", {}, [0.1463, 0.4995, 0.8527, 0.999], [7.58448, Math.PI, 1.30129, 0]],
    ["sigma-linear", {}, [0.826356, 0.969818, 0.994754, 0.999088], [1.47071, 0.21782, 0.03691, 0.00639]],
    ["geometric", {}, [0.002113, 0.043736, 0.611609, 1], [12.19317, 11.93517, 7.33068, 0]],
    ["power", {}, [0.0625, 0.25, 0.5625, 1], [8, 4, 2.66667, 2]],
    ["power", { power: 0.5 }, [0.5, Math.SQRT1_2, 0.866025, 1], [2, 1, 0.66667, 0.5]],
    ["log", {}, [0.321928, 0.584963, 0.807355, 1], [3.58514, 1.6442, 1.02111, 0.72135]],
  ])("%s %o", async (name, options, rates, weights) => {
    const schedule = await named(name, { ...options });
    for (const [index, t] of times.entries()) {
      expect(Math.abs(maskRate(schedule, t) - rates[index])).toBeLessThan(6e-7);
      expect(Math.abs(lossWeight(schedule, t) - weights[index])).toBeLessThan(6e-6);
    }
  });

  it("the boundary of MD4", () => {
    const linear = insetSchedule(linearSchedule());
    const weights = [0.001, 0.25, 0.5, 0.75, 1].map((t) => lossWeight(linear, t));
    for (const [index, weight] of [909.07438, 3.9984, 1.9996, 1.33316, 0.9999].entries()) {
      expect(Math.abs(weights[index] - weight)).toBeLessThan(6e-6);
    }
  });
});

describe("the boundary of MD4", () => {
  const inset = () => insetSchedule(powerSchedule({ power: 2 }), 1e-4);
  for (const law of noiseScheduleLaws(inset)) it(law.name, law.run);

  it("has the weights that follow from its formula under linear noise", () => {
    // w = (1 - 2e) / (e + (1 - 2e) t), e = 1e-4
    const schedule = insetSchedule(linearSchedule());
    for (const t of [0, 0.001, 0.25, 0.5, 0.75, 1]) {
      expectRelative(lossWeight(schedule, t), 0.9998 / (1e-4 + 0.9998 * t));
    }
  });
});

it("options out of range are named", async () => {
  await expect(named("power", { power: 0 })).rejects.toThrow(/schedule\.power .*\(CONFIG_INVALID\)/s);
  await expect(named("log-linear", { epsilon: 0.5 })).rejects.toThrow(/schedule\.epsilon/);
  await expect(named("geometric", { sigmaMin: 2 })).rejects.toThrow(/schedule\.sigmaMin/);
  await expect(named("sigma-linear", { sigmaMax: 1 })).rejects.toThrow(/schedule\.sigmaMax/);
  await expect(named("sqrt", { start: -1 })).rejects.toThrow(/schedule\.start/);
  await expect(named("sigmoid", { steepness: 0 })).rejects.toThrow(/schedule\.steepness/);
});

function expectRelative(actual: number, expected: number): void {
  expect(Math.abs(actual - expected)).toBeLessThanOrEqual(Math.abs(expected) * 2e-15);
}

function simpson(f: (x: number) => number): number {
  const n = 4000;
  let sum = f(0) + f(1);
  for (let index = 1; index < n; index++) sum += (index % 2 === 1 ? 4 : 2) * f(index / n);
  return sum / (3 * n);
}
