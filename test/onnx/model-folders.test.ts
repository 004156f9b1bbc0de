import { cpSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import {
  byName,
  exportOnnxModel,
  type Generation,
  type LoadOptions,
  loadTextDiffusion,
  nodeSession,
  onnxDenoiser,
  onnxModel,
  trainTextDiffusion,
} from "textdiffusion";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

// A model folder, and what textdiffusion export made of it: two ways to compute one model.

const folder = mkdtempSync(join(tmpdir(), "onnx-folders-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const samplers = [
  { name: "confidence", steps: 12, temperature: 0.7 },
  { name: "random", steps: 16, topP: 0.9 },
  { name: "remasking", steps: 12 },
] as const;

async function texts(options: LoadOptions): Promise<Generation> {
  const model = await loadTextDiffusion(options);
  try {
    return await model.generate({
      prompts: ["The tide", ["goes", { gap: 12 }, "out"], ""],
      length: 32,
      seed: 5,
    });
  } finally {
    await model.dispose();
  }
}

describe.each(["roberta", "bert"] as const)("a trained %s", (architecture) => {
  const source = join(folder, architecture);
  const exported = `${source}-onnx`;
  beforeAll(async () => {
    const { writeFileSync } = await import("node:fs");
    const file = join(folder, "tides.txt");
    writeFileSync(file, "The tide comes in and the tide goes out and nobody asks it why. ".repeat(60));
    await trainTextDiffusion({
      out: source,
      data: { file, rowLength: 32 },
      model: { architecture, layers: 2, hidden: 32, heads: 2 },
      training: { steps: 60, batchSize: 8 },
    });
    await exportOnnxModel({ model: source, out: exported });
  });

  it.each(samplers)("writes the same text from its ONNX file for the same seed: $name", async (sampler) => {
    const expected = await texts({ folder: source, backend: "wasm", sampler });
    const found = await texts({ folder: exported, sampler });
    expect(found.texts).toEqual(expected.texts);
    expect(found.forwards).toBe(expected.forwards);
    expect(new Set(found.ids).size).toBeGreaterThan(5); // not one letter all over
  });

  it("is computed by its ONNX file where there are no weights, and says so", async () => {
    expect(existsSync(join(exported, "model.safetensors"))).toBe(false);
    const model = await loadTextDiffusion(exported);
    expect(model.settings).toMatchObject({
      backend: "onnxruntime-node",
      denoiser: { name: "onnx", file: join(exported, "onnx", "model.onnx") },
      length: 32,
    });
    await model.dispose();
  });

  it("is computed by its weights where it has both, unless it is told otherwise", async () => {
    const both = join(folder, `${architecture}-both`);
    cpSync(source, both, { recursive: true });
    cpSync(join(exported, "onnx"), join(both, "onnx"), { recursive: true });
    const settings = async (options: Partial<LoadOptions>) => {
      const model = await loadTextDiffusion({ folder: both, backend: "cpu", ...options });
      await model.dispose();
      return model.settings;
    };
    expect(await settings({})).toMatchObject({ backend: "cpu", denoiser: { name: "huggingface" } });
    expect(await settings({ denoiser: "onnx" })).toMatchObject({ backend: "onnxruntime-node" });
    const named = { name: "onnx", file: join(exported, "onnx", "model.onnx"), threads: 1 } as const;
    expect(await settings({ denoiser: named })).toMatchObject({ denoiser: named });
    expect(await settings({ denoiser: byName({ name: "onnx", maxLength: 20 }) })).toMatchObject({
      length: 20,
    });
  });

  it("can be wrapped: guided from its ONNX file as from its weights", async () => {
    const wrapped = { name: "guided", scale: 1.5 } as const;
    const [sampler] = samplers;
    const expected = await texts({ folder: source, backend: "wasm", sampler, denoiser: wrapped });
    const found = await texts({ folder: exported, sampler, denoiser: wrapped });
    expect(found.texts).toEqual(expected.texts);
  });

  it("leaves no tensor and starts no backend when its ONNX file writes", async () => {
    const before = { tensors: tf.engine().state.numTensors, backends: Object.keys(tf.engine().registry) };
    for (let round = 0; round < 3; round++) await texts({ folder: exported });
    const after = { tensors: tf.engine().state.numTensors, backends: Object.keys(tf.engine().registry) };
    expect(after).toEqual(before);
  });

  it("writes from a denoiser that was made by hand", async () => {
    const model = await onnxModel(await nodeSession(join(exported, "onnx", "model.onnx")));
    const denoiser = onnxDenoiser(model, { maxLength: 32, maskTokenId: 260 });
    const byHand = await texts({ folder: exported, denoiser, backend: "cpu" });
    denoiser.dispose();
    expect(byHand.texts).toEqual((await texts({ folder: exported })).texts);
  });
});

it("reads a model whose positions predict the next token as its folder says", async () => {
  const aligned = join(folder, "aligned");
  await trainTextDiffusion({
    out: aligned,
    backend: "cpu",
    data: { file: join(folder, "tides.txt"), rowLength: 32 },
    model: { layers: 1, hidden: 16, heads: 2, logitAlignment: "next" },
    training: { steps: 20, batchSize: 4 },
  });
  await exportOnnxModel({ model: aligned, out: `${aligned}-onnx` });
  const [sampler] = samplers;
  const expected = await texts({ folder: aligned, backend: "cpu", sampler });
  expect((await texts({ folder: `${aligned}-onnx`, sampler })).texts).toEqual(expected.texts);
});

it("says what a folder without an ONNX file lacks", async () => {
  const options = { folder: join(folder, "roberta"), denoiser: "onnx" } as const;
  await expect(loadTextDiffusion(options)).rejects.toThrow(
    /onnx\/model\.onnx or .*model\.onnx, got none.*FILE_NOT_FOUND/,
  );
});
