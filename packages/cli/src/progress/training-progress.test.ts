import { displayWidth } from "@textdiffusion/render";
import type { TrainingEvent, TrainingStepFinished } from "textdiffusion";
import { describe, expect, it } from "vitest";
import { paintPlain } from "../terminal/paint.js";
import { renderTrainingBar, trainingProgress } from "./training-progress.js";

function stepOf(step: number, steps = 40): TrainingStepFinished {
  return {
    kind: "step",
    step,
    steps,
    epoch: step / 10,
    lossNats: 2,
    gradientNorm: 1,
    learningRate: 1e-3,
    tokensPerSecond: 12_345,
    elapsedMs: step * 1000,
  };
}

const started: TrainingEvent = {
  kind: "started",
  step: 0,
  steps: 40,
  resumed: false,
  parameterCount: 1_234_567,
  rowCount: 100,
  rowsPerStep: 4,
};

/** Everything that a run of 40 steps prints. */
function printed(options: { isTTY: boolean; every?: number }): string {
  let text = "";
  const stream = { isTTY: options.isTTY, columns: 80, rows: 24, write: (part: string) => (text += part) };
  const progress = trainingProgress({ stream, paint: paintPlain, every: options.every });
  progress.show(started);
  for (let step = 1; step <= 40; step++) progress.show(stepOf(step));
  progress.show({
    kind: "spike",
    step: 40,
    lossNats: 9,
    expectedLossNats: 2,
    lossDeviations: 30,
    gradientNorm: 50,
    expectedGradientNorm: 1,
    gradientDeviations: 20,
    action: "skip",
    file: "run/spike.json",
  });
  progress.show({
    kind: "validation",
    step: 40,
    boundNats: Math.LN2 * 1.5,
    accuracy: 0.25,
    byMaskRate: [],
    elapsedMs: 1,
  });
  progress.show({ kind: "finished", step: 40, steps: 40, reason: "completed", elapsedMs: 40_000 });
  progress.close();
  return text;
}

describe("trainingProgress", () => {
  it("writes about twenty plain lines where there is no terminal", () => {
    const lines = printed({ isTTY: false }).trimEnd().split("\n");
    expect(lines.filter((line) => line.startsWith("step ")).length).toBe(21); // 1, 2, 4, 6 ... 40
    expect(lines.join()).not.toContain("\x1b");
  });

  it("writes as many lines as it is told, the first and the last step among them", () => {
    const steps = [...printed({ isTTY: false, every: 15 }).matchAll(/^step (\d+)/gm)].map(([, step]) =>
      Number(step),
    );
    expect(steps).toEqual([1, 15, 30, 40]);
  });

  it("moves a bar on a terminal and gives the cursor back", () => {
    const text = printed({ isTTY: true });
    expect(text).toContain("Training for 40 steps: 1.23 M parameters");
    expect(text).toContain(
      "Spike at step 40: loss 9.000 where 2.000 was expected, gradient 50.0 where 1.00 was. Its update was left out. See run/spike.json",
    );
    expect(text).toContain("at most 1.500 bits a token, 25.0 % of masks guessed");
    expect(text.trimEnd().endsWith("\x1b[?25h")).toBe(true);
  });
});

describe("renderTrainingBar", () => {
  it("shows step, loss, time left and speed beside a bar that is filled to its share", () => {
    expect(renderTrainingBar(stepOf(10), 1.5, 30_000, 80, paintPlain)).toBe(
      `${"━".repeat(6)}${"─".repeat(19)}  step 10/40  loss 1.500  30.0 s left  12.3 k tokens/s`,
    );
  });

  it.each([8, 20, 30, 40, 50, 60, 80, 200])("fits into %d columns and never loses the step", (width) => {
    const line = renderTrainingBar(stepOf(10), 1.5, 30_000, width, paintPlain);
    expect(line).toContain("step 10");
    if (width >= 10) expect(displayWidth(line)).toBeLessThan(width);
  });
});
