import { createPipeline } from "@textdiffusion/core";
import { fakeDenoiser, letterTokenizer, pluginLaws, powerNoise } from "@textdiffusion/testkit";
import { describe, expect, it } from "vitest";
import plugin, { myComponentSampler } from "./index.js";

describe("the laws of a plugin, and of its component as a config makes it", async () => {
  const laws = await pluginLaws(plugin, { setting: () => ({ options: { steps: 4 } }) });
  for (const law of laws) it.skipIf(law.skip !== undefined)(law.name, () => law.run());
});

const tokenizer = letterTokenizer("abcdef");
const denoiser = fakeDenoiser({
  vocabularySize: tokenizer.vocabularySize,
  maskTokenId: tokenizer.special.mask,
});

/** Positions that each step of a page of 12 masks reveals, chosen by config. */
async function revealedWith(distance: number): Promise<number[][]> {
  const pipeline = await createPipeline({
    plugins: [plugin],
    tokenizer,
    denoiser,
    schedule: powerNoise(1),
    sampler: { name: "my-component", steps: 4, distance },
  });
  const steps: number[][] = [];
  for await (const event of pipeline.stream({ length: 12, seed: 1 })) {
    if (event.kind === "step") steps.push(event.revealed.map(({ position }) => position));
  }
  await pipeline.dispose();
  return steps;
}

const gaps = (positions: number[]) =>
  [...positions]
    .sort((a, b) => a - b)
    .slice(1)
    .map((position, index, sorted) => position - (index === 0 ? Math.min(...positions) : sorted[index - 1]));

describe("my-component", () => {
  it("reveals the schedule's three positions a step, at first three apart", async () => {
    const steps = await revealedWith(3);
    expect(steps.map((positions) => positions.length)).toEqual([3, 3, 3, 3]);
    expect(Math.min(...gaps(steps[0]))).toBeGreaterThanOrEqual(3);
  });

  it("fills the quota when no position is far enough", async () => {
    expect((await revealedWith(100)).map((positions) => positions.length)).toEqual([3, 3, 3, 3]);
  });

  it("refuses options that it does not have", () => {
    expect(() => myComponentSampler({ distanz: 3 } as object)).toThrow(/UNKNOWN_OPTION/);
  });
});
