import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startBackend } from "@textdiffusion/backend-node";
import { Random } from "@textdiffusion/core";
import { byteLevelTokenizer, saveTokenizer } from "@textdiffusion/data";
import { createModel, loadModel, saveModel, writeModelRecord } from "@textdiffusion/models";
import { afterAll, beforeAll, expect, it } from "vitest";
import { newModelRecord } from "../model-defaults.js";
import { exportWeights } from "./export-weights.js";

const root = mkdtempSync(join(tmpdir(), "textdiffusion-weights-"));
const from = join(root, "model");
afterAll(() => rmSync(root, { recursive: true, force: true }));

beforeAll(async () => {
  const backend = await startBackend("cpu");
  const tokenizer = byteLevelTokenizer();
  const sizes = { layers: 1, hidden: 16, heads: 2, vocabularySize: tokenizer.vocabularySize, maxLength: 8 };
  const model = await createModel({ architecture: "roberta", ...sizes }, Random.fromSeed(2));
  await saveModel(model, from);
  await saveTokenizer(tokenizer, from);
  await writeModelRecord(newModelRecord, from);
  model.dispose();
  await backend.dispose();
  const checkpoint = join(from, "checkpoints", "step-00000001");
  mkdirSync(checkpoint, { recursive: true });
  for (const name of readdirSync(from))
    if (name !== "checkpoints") cpSync(join(from, name), join(checkpoint, name));
});

async function weightsOf(folder: string): Promise<Map<string, Float32Array>> {
  const backend = await startBackend("cpu");
  const model = await loadModel(folder);
  const values = new Map<string, Float32Array>();
  for (const [name, variable] of model.parameters) values.set(name, (await variable.data()) as Float32Array);
  model.dispose();
  await backend.dispose();
  return values;
}

it("writes what makes a model, without its checkpoints, and the same weights", async () => {
  const out = join(root, "copy");
  const { parameters, bytes } = await exportWeights({ model: from, out });
  expect(readdirSync(out).sort()).toEqual([
    "config.json",
    "model.safetensors",
    "textdiffusion.json",
    "tokenizer.json",
    "tokenizer_config.json",
  ]);
  expect(await weightsOf(out)).toEqual(await weightsOf(from));
  expect(bytes).toBeGreaterThan(4 * parameters - 1);
});

it("rounds to half precision: two bytes a weight, each within half a unit of its eleventh bit", async () => {
  const out = join(root, "half");
  const { parameters } = await exportWeights({
    model: join(from, "checkpoints", "step-00000001"),
    out,
    dtype: "fp16",
  });
  expect(statSync(join(out, "model.safetensors")).size).toBeLessThan(2 * parameters + 8000);
  const exact = await weightsOf(from);
  for (const [name, values] of await weightsOf(out)) {
    values.forEach((value, place) => {
      const weight = (exact.get(name) as Float32Array)[place];
      expect(Math.abs(value - weight)).toBeLessThanOrEqual(Math.max(Math.abs(weight) * 2 ** -11, 2 ** -25));
    });
  }
});

it("writes over nothing that it was not told to", async () => {
  await expect(exportWeights({ model: from, out: from, force: true })).rejects.toThrow(
    /is the model itself.*FILE_NOT_WRITABLE/,
  );
  const out = join(root, "taken");
  await exportWeights({ model: from, out });
  await expect(exportWeights({ model: from, out })).rejects.toThrow(/has one.*--force.*FILE_NOT_WRITABLE/);
  await exportWeights({ model: from, out, force: true });
  const empty = join(root, "empty");
  await expect(exportWeights({ model: empty, out: join(root, "x") })).rejects.toThrow(/FILE_NOT_FOUND/);
});
