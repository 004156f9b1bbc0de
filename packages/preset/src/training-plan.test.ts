import { describe, expect, it } from "vitest";
import { decodeConfig, type TextDiffusionConfig } from "./config.js";
import { planTraining } from "./training-plan.js";

const plan = async (config: TextDiffusionConfig) => planTraining(await decodeConfig(config));

describe("planTraining", () => {
  it("makes every choice of a new model", async () => {
    const { tokenizer, record, optionsFor } = await plan({});
    expect(tokenizer.vocabularySize).toBe(261); // 256 bytes and 5 special tokens
    expect(record).toMatchObject({
      rowLength: 128,
      frame: false,
      schedule: "linear",
      collator: "stratified",
    });
    expect(await optionsFor(77)).toMatchObject({ steps: 1000, learningRate: 1e-3, warmupSteps: 50 });
  });

  it("leaves what the config says", async () => {
    const sampler = { name: "random", steps: 9 } as const;
    const { record, optionsFor } = await plan({
      sampler,
      data: { rowLength: 32, frame: true },
      training: { steps: 10, learningRate: 0.5, warmupSteps: 3 },
    });
    expect(record).toMatchObject({ rowLength: 32, frame: true, sampler });
    expect(await optionsFor(77)).toMatchObject({ steps: 10, learningRate: 0.5, warmupSteps: 3 });
  });

  it("counts epochs in steps: two and a half of 77 rows in steps of 8", async () => {
    const training = {
      epochs: 2.5,
      batchSize: 4,
      accumulate: 2,
      evaluateEvery: "epoch",
      saveEvery: 7,
    } as const;
    const { optionsFor } = await plan({ training });
    expect(await optionsFor(77)).toMatchObject({
      steps: 25,
      warmupSteps: 1,
      evaluateEvery: 10,
      saveEvery: 7,
    });
    expect(await optionsFor(1)).toMatchObject({ steps: 1, evaluateEvery: 1 });
    await expect(plan({ training: { epochs: 1, steps: 1 } })).rejects.toThrow(/got both.*CONFIG_INVALID/);
  });

  it("learns pairs with their ends, in rows of one length, unless the config says otherwise", async () => {
    const { record } = await plan({ data: { format: "pairs", rowLength: 48 } });
    expect(record).toMatchObject({ frame: true, collator: { name: "prompt-response", rowLength: 48 } });
    const own = await plan({ data: { format: "pairs" }, collator: "llada" });
    expect(own.record).toMatchObject({ frame: true, collator: "llada" });
    await expect(plan({ data: { format: "pairs", frame: false } })).rejects.toThrow(
      /pairs between.*CONFIG_INVALID/,
    );
  });

  it("records a component that was made in code by its name", async () => {
    const sampler = { name: "mine", decide: () => ({ commit: [], remask: [] }) };
    const { record } = await plan({ sampler } as unknown as TextDiffusionConfig);
    expect(record.sampler).toBe("mine");
    const blocks = { name: "blocks", size: 8, sampler };
    const nested = await plan({ sampler: blocks } as unknown as TextDiffusionConfig);
    expect(nested.record.sampler).toEqual({ name: "blocks", size: 8, sampler: "mine" });
  });

  it("refuses sizes for a model that has them already", async () => {
    await expect(plan({ model: { from: "some-folder", layers: 3, hidden: 8 } })).rejects.toMatchObject({
      code: "CONFIG_INVALID",
      message: expect.stringMatching(/model\.layers, model\.hidden.*some-folder/),
    });
  });
});
