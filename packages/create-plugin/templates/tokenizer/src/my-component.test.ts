import { createPipeline } from "@textdiffusion/core";
import { pluginLaws, powerNoise, uniformDenoiser } from "@textdiffusion/testkit";
import { describe, expect, it } from "vitest";
import plugin, { myComponentTokenizer } from "./index.js";

const samples = ["", "ACGTACGT", "A", "ACNGT", "acgt", "ACG<mask>TAC", "  ", "\n", "GATTACA 🧬 TAG", "漢字"];

describe("the laws of a plugin, and of its component as a config makes it", async () => {
  const laws = await pluginLaws(plugin, { setting: () => ({ samples }) });
  for (const law of laws) it.skipIf(law.skip !== undefined)(law.name, () => law.run());
});

describe("my-component", () => {
  const tokenizer = myComponentTokenizer();
  const spelt = (text: string) => Array.from(tokenizer.encode(text), (id) => tokenizer.token(id));

  it("has a token for every piece of one to three of four letters, and five special ones", () => {
    expect(tokenizer.vocabularySize).toBe(5 + 4 + 16 + 64);
  });

  it("cuts runs of letters from the left", () => {
    expect(spelt("ACGTACGT")).toEqual(["ACG", "TAC", "GT"]);
    expect(spelt("ACNGTTT")).toEqual(["AC", "<unk>", "GTT", "T"]);
    expect(spelt("ACG<mask>A")).toEqual(["ACG", "<mask>", "A"]);
  });

  it("takes letters that mean something in patterns", () => {
    const odd = myComponentTokenizer({ alphabet: "]-^\\", size: 2 });
    expect(odd.decode(odd.encode("]-^\\"))).toBe("]-^\\");
    expect(odd.encode("]-^\\")).toHaveLength(2);
  });

  it("refuses letters listed twice, vocabularies beyond a million, and options that it does not have", () => {
    expect(() => myComponentTokenizer({ alphabet: "AA" })).toThrow(/CONFIG_INVALID/);
    expect(() => myComponentTokenizer({ alphabet: "ABCDEFGHIJ", size: 8 })).toThrow(/CONFIG_INVALID/);
    expect(() => myComponentTokenizer({ siez: 2 } as object)).toThrow(/UNKNOWN_OPTION/);
  });

  it("can be named in a config", async () => {
    const denoiser = uniformDenoiser({
      vocabularySize: tokenizer.vocabularySize,
      maskTokenId: tokenizer.special.mask,
    });
    const pipeline = await createPipeline({
      plugins: [plugin],
      tokenizer: { name: "my-component", size: 3 },
      denoiser,
      schedule: powerNoise(1),
      sampler: oneStep,
    });
    const { texts } = await pipeline.generate({ prompts: ["GATTAC"], length: 6, seed: 1 });
    expect(texts[0]).toMatch(/^GATTAC[ACGT]+$/);
    await pipeline.dispose();
  });
});

/** Draws everything at once. */
const oneStep = {
  name: "one-step",
  tokenRule: { temperature: 1 },
  steps: 1,
  revises: false,
  request: ({ masked }: { masked: Int32Array }) => masked,
  decide: (_: unknown, draws: { positions: Int32Array }) => ({
    commit: [...draws.positions.keys()],
    remask: [],
  }),
};
