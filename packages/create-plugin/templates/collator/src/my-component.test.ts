import { createPipeline, Random } from "@textdiffusion/core";
import { letterTokenizer, pluginLaws, powerNoise } from "@textdiffusion/testkit";
import { describe, expect, it } from "vitest";
import plugin, { myComponentCollator } from "./index.js";

const [schedule, tokenizer] = [powerNoise(1), letterTokenizer("abcdefghijkl")];

describe("the laws of a plugin, and of its component as a config makes it", async () => {
  const laws = await pluginLaws(plugin, {
    setting: () => ({ options: { rowLength: 24 }, parts: { schedule, tokenizer }, laws: { rowLength: 24 } }),
  });
  for (const law of laws) it.skipIf(law.skip !== undefined)(law.name, () => law.run());
});

describe("my-component", () => {
  it("masks as many tokens of a row as its time says, when the beginning is left out", () => {
    const collator = myComponentCollator({ beginning: 0 }, { schedule, tokenizer });
    const rows = [{ ids: tokenizer.encode("abcdefghij") }];
    for (let seed = 0; seed < 50; seed++) {
      const { noiseMask, time } = collator.collate(rows, Random.fromSeed(seed));
      const masks = noiseMask.reduce((sum, masked) => sum + masked, 0);
      expect(masks).toBeGreaterThanOrEqual(1);
      expect(time[0]).toBeCloseTo(masks / 10, 12);
    }
  });

  it("seldom masks the first letter, which most beginnings have, and often the last, which none has", async () => {
    const pipeline = await createPipeline({
      plugins: [plugin],
      tokenizer,
      schedule,
      collator: { name: "my-component", beginning: 0.8 },
    });
    const collator = await pipeline.get("collator");
    const rows = [{ ids: tokenizer.encode("abcdefghij") }];
    const first = Array.from(
      { length: 500 },
      (_, seed) => collator.collate(rows, Random.fromSeed(seed)).noiseMask,
    );
    const share = (position: number) => first.filter((noise) => noise[position] === 1).length / first.length;
    // A beginning has up to 8 of the 10 letters: the last two are never in it, the first nearly always is.
    expect(share(9)).toBeGreaterThan(3 * share(0));
    await pipeline.dispose();
  });

  it("refuses options that it does not have", () => {
    expect(() => myComponentCollator({ begining: 3 } as object, { schedule, tokenizer })).toThrow(
      /UNKNOWN_OPTION/,
    );
  });
});
