import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import {
  evaluateTextDiffusion,
  loadTextDiffusion,
  saveTokenizer,
  tokenizerFromFiles,
  trainTextDiffusion,
  trainTokenizer,
} from "../index.js";

const root = mkdtempSync(join(tmpdir(), "textdiffusion-beside-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const path = (name: string) => join(root, name);
const text = "The tide waits for no one, and time for nobody. ".repeat(20);
const open = (name: string) => loadTextDiffusion({ folder: path(name), backend: "cpu" });
const shape = { rowLength: 24, frame: true };

beforeAll(async () => {
  writeFileSync(path("text.txt"), text);
  const { files } = await trainTokenizer([text], { vocabularySize: 290 });
  await saveTokenizer(tokenizerFromFiles(files, "pairs"), path("pairs"));
  const train = (out: string, steps: number, model: object = {}, data: object = {}) =>
    trainTextDiffusion({
      backend: "cpu",
      data: { file: path("text.txt"), ...shape, ...data },
      model: { layers: 1, hidden: 16, heads: 2, ...model },
      training: { steps, batchSize: 4, learningRate: 0.02 },
      out: path(out),
    });
  await train("young", 1);
  await train("old", 30);
  await train("other", 1, { tokenizer: path("pairs") }, { frame: false });
}, 60_000);

async function evaluate(name: string, beside: string) {
  const [model, other] = [await open(name), await open(beside)];
  const figures = await evaluateTextDiffusion(model, {
    heldOutText: text,
    beside: other,
    rows: 8,
    samples: 0,
    seed: 5,
  });
  await other.dispose();
  await model.dispose();
  if (figures.beside === undefined) throw new Error("expected figures of the model beside");
  return { ...figures, beside: figures.beside };
}

it("finds no difference between a model and itself, not the least: rows and masks are the same", async () => {
  const { likelihood, lossCurve, beside } = await evaluate("old", "old");
  expect(beside.likelihood).toEqual(likelihood);
  expect(beside.lossCurve).toEqual(lossCurve);
  expect(beside.difference).toEqual({
    paired: true,
    natsPerToken: 0,
    standardError: 0,
    bitsPerByte: 0,
    bitsPerByteStandardError: 0,
  });
});

it("is what a model scores alone, and the difference of the two", async () => {
  const { likelihood, beside } = await evaluate("old", "young");
  const alone = await open("young");
  const expected = await evaluateTextDiffusion(alone, { heldOutText: text, rows: 8, samples: 0, seed: 5 });
  await alone.dispose();
  expect(beside.likelihood).toEqual(expected.likelihood);
  expect(beside.lossCurve).toEqual(expected.lossCurve);
  expect(beside.provenance.model).toEqual(expected.provenance.model);
  const { paired, natsPerToken, bitsPerByte, bitsPerByteStandardError } = beside.difference;
  expect(paired).toBe(true);
  expect(natsPerToken).toBeCloseTo(likelihood.natsPerToken - beside.likelihood.natsPerToken, 10);
  expect(bitsPerByte).toBeCloseTo(likelihood.bitsPerByte - beside.likelihood.bitsPerByte, 10);
  expect(bitsPerByte).toBeLessThan(-2 * bitsPerByteStandardError); // thirty steps are better than one
});

it("compares models of two tokenizers in bits a byte only, each framed as it was trained", async () => {
  const { likelihood, beside } = await evaluate("young", "other");
  expect(beside.likelihood.tokensOfText).toBeLessThan(likelihood.tokensOfText); // pairs of bytes are tokens there
  expect(beside.difference).toEqual({
    paired: false,
    bitsPerByte: likelihood.bitsPerByte - beside.likelihood.bitsPerByte,
    bitsPerByteStandardError: Math.hypot(
      likelihood.bitsPerByteStandardError,
      beside.likelihood.bitsPerByteStandardError,
    ),
  });
  expect(beside.provenance.request).toMatchObject({ rows: 8, rowLength: 24, frame: false });
});
