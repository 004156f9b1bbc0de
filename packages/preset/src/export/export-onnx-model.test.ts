import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import * as tf from "@tensorflow/tfjs-core";
import { startBackend } from "@textdiffusion/backend-node";
import { decodeEncoderConfig, loadModel, readModelRecord } from "@textdiffusion/models";
import * as native from "onnxruntime-node";
import * as web from "onnxruntime-web";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { exportOnnxModel } from "./export-onnx-model.js";

const golden = fileURLToPath(new URL("../../../../scripts/golden/", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "export-onnx-model-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A tokenizer of 95 words for the golden models, whose embeddings have 101 rows. */
const words = ["[PAD]", "[MASK]", "[UNK]", ...Array.from({ length: 92 }, (_, index) => `w${index}`)];
const tokenizer = JSON.stringify({
  version: "1.0",
  added_tokens: [0, 1, 2].map((id) => ({
    ...{ id, content: words[id], special: true },
    ...{ single_word: false, lstrip: false, rstrip: false, normalized: false },
  })),
  normalizer: null,
  pre_tokenizer: { type: "Whitespace" },
  post_processor: null,
  decoder: null,
  model: {
    type: "WordLevel",
    vocab: Object.fromEntries(words.map((word, id) => [word, id])),
    unk_token: "[UNK]",
  },
});

/** A copy of a golden model as a model folder. */
function modelFolder(name: string): string {
  const copy = join(folder, name.replace("/", "-"));
  cpSync(join(golden, name), copy, { recursive: true });
  writeFileSync(join(copy, "tokenizer.json"), tokenizer);
  return copy;
}

interface Example {
  readonly batch: number;
  readonly seq: number;
  readonly ids: readonly number[];
  readonly attentionMask: readonly number[];
}

type Library = Pick<typeof native, "InferenceSession" | "Tensor">;

/** Logits of a file in a session of its own; shape [batch * seq, vocab]. */
async function run(library: Library, file: string, { batch, seq, ids, attentionMask }: Example) {
  const source = library === native ? file : readFileSync(file);
  const session = await library.InferenceSession.create(source as Uint8Array);
  const tensor = (values: readonly number[]) =>
    new library.Tensor("int64", BigInt64Array.from(values, BigInt), [batch, seq]);
  const feeds: Record<string, native.Tensor> = {
    input_ids: tensor(ids),
    attention_mask: tensor(attentionMask),
  };
  if (session.inputNames.includes("token_type_ids")) feeds.token_type_ids = tensor(ids.map(() => 0));
  const { logits } = await session.run(feeds);
  expect(logits.dims).toEqual([batch, seq, 101]);
  await session.release();
  return logits.data as Float32Array;
}

const largestDifference = (left: ArrayLike<number>, right: ArrayLike<number>) =>
  Array.from(left).reduce((max, value, index) => Math.max(max, Math.abs(value - right[index])), 0);

describe.each([
  "transformers-models/roberta",
  "transformers-models/bert",
  "transformers-models/bert-untied",
  "masked-language-models/roberta-untied",
  "masked-language-models/bert-tanh",
])("the exported %s", (name) => {
  const source = modelFolder(name);
  const out = `${source}-onnx`;
  const file = join(out, "onnx", "model.onnx");
  beforeAll(async () => {
    const { model } = await exportOnnxModel({ model: source, out });
    expect(model.file).toBe(file);
  });

  it.each([
    ["onnxruntime-node", native],
    ["onnxruntime-web", web as unknown as Library],
  ])("gives the logits of the reference, padded rows too, on %s", async (_, library) => {
    const expected: Example & { positions: number[]; logits: number[] } = JSON.parse(
      readFileSync(join(golden, name, "expected.json"), "utf8"),
    );
    expect(expected.attentionMask).toContain(0);
    const logits = await run(library, file, expected);
    const found = expected.positions.flatMap((row) => [...logits.subarray(row * 101, (row + 1) * 101)]);
    expect(largestDifference(found, expected.logits)).toBeLessThan(1e-5);
  });

  it("gives what tfjs computes, at sizes that were not recorded", async () => {
    const backend = await startBackend("cpu");
    const model = await loadModel(source);
    const pad = model.config.padId;
    for (const [batch, seq] of [
      [1, 1],
      [4, 3],
      [2, 17],
    ]) {
      const lengths = Array.from({ length: batch }, (_, row) => Math.max(1, seq - 2 * row));
      const attentionMask = lengths.flatMap((length) =>
        Array.from({ length: seq }, (_, position) => Number(position < length)),
      );
      const ids = attentionMask.map((attended, place) => (attended ? 5 + ((place * 7) % 90) : pad));
      const expected = tf.tidy(() =>
        model.logitsOfAll({
          ids: tf.tensor2d(ids, [batch, seq], "int32"),
          attentionMask: tf.tensor2d(attentionMask, [batch, seq], "int32"),
        }),
      );
      const found = await run(native, file, { batch, seq, ids, attentionMask });
      expect(largestDifference(found, await expected.data())).toBeLessThan(1e-5);
      expected.dispose();
    }
    model.dispose();
    await backend.dispose();
  });

  it("lies in a whole model folder", async () => {
    expect(readdirSync(out).sort()).toEqual(["config.json", "onnx", "textdiffusion.json", "tokenizer.json"]);
    expect(readFileSync(join(out, "tokenizer.json"), "utf8")).toBe(tokenizer);
    expect(await readModelRecord(out)).toMatchObject({ frame: true, schedule: "linear" });
    const config = (at: string) =>
      decodeEncoderConfig(JSON.parse(readFileSync(join(at, "config.json"), "utf8")), at);
    expect({ ...config(out), source: {} }).toEqual({ ...config(source), source: {} });
  });

  it("has the inputs of optimum's, in its order", async () => {
    const session = await native.InferenceSession.create(file);
    const names = name.includes("roberta") ? [] : ["token_type_ids"];
    expect(session.inputNames).toEqual(["input_ids", "attention_mask", ...names]);
    for (const input of session.inputMetadata) {
      expect(input).toMatchObject({ type: "int64", shape: ["batch_size", "sequence_length"] });
    }
    expect(session.outputMetadata).toMatchObject([
      { name: "logits", type: "float32", shape: ["batch_size", "sequence_length", 101] },
    ]);
    await session.release();
  });
});

describe("an export of BERT", () => {
  it("heeds token types", async () => {
    const file = join(folder, "types.onnx");
    await exportOnnxModel({ model: modelFolder("transformers-models/bert"), out: file });
    const session = await native.InferenceSession.create(file);
    const tensor = (values: number[]) =>
      new native.Tensor("int64", BigInt64Array.from(values, BigInt), [1, 3]);
    const logitsOf = async (types: number[]) => {
      const feeds = { input_ids: tensor([7, 1, 9]), attention_mask: tensor([1, 1, 1]) };
      return (await session.run({ ...feeds, token_type_ids: tensor(types) })).logits.data as Float32Array;
    };
    expect(largestDifference(await logitsOf([0, 0, 0]), await logitsOf([0, 0, 1]))).toBeGreaterThan(1e-3);
    await session.release();
  });
});

describe("where an export goes", () => {
  const source = modelFolder("transformers-models/roberta");
  const config = readFileSync(join(source, "config.json"), "utf8");

  it("a file alone, with its weights beside it when that is wanted", async () => {
    const out = join(folder, "alone", "model.onnx");
    const { model, folder: none } = await exportOnnxModel({ model: source, out, externalData: true });
    expect(none).toBeUndefined();
    expect(readdirSync(join(folder, "alone")).sort()).toEqual(["model.onnx", "model.onnx_data"]);
    expect(model.external?.file).toBe(`${out}_data`);
    const example = { batch: 1, seq: 2, ids: [7, 8], attentionMask: [1, 1] };
    const beside = await run(native, out, example);
    await exportOnnxModel({ model: source, out });
    expect(readdirSync(join(folder, "alone"))).toEqual(["model.onnx"]); // the weights of before are gone
    expect(await run(native, out, example)).toEqual(beside);
  });

  it("the model's own folder, which keeps the rest as it is", async () => {
    const before = readdirSync(source);
    await exportOnnxModel({ model: source, out: source });
    expect(readdirSync(source).sort()).toEqual([...before, "onnx"].sort());
    expect(readFileSync(join(source, "config.json"), "utf8")).toBe(config);
  });

  it("says in config.json that weights lie beside the model, as transformers.js reads it, and takes it back", async () => {
    const out = join(folder, "external");
    const said = () => JSON.parse(readFileSync(join(out, "config.json"), "utf8"))["transformers.js_config"];
    await exportOnnxModel({ model: source, out, externalData: true });
    expect(said()).toEqual({ use_external_data_format: { "model.onnx": 1 } });
    await exportOnnxModel({ model: source, out });
    expect(said()).toBeUndefined();
    expect(existsSync(join(out, "onnx", "model.onnx_data"))).toBe(false);
  });

  it("not over files that were not exported from here, unless forced", async () => {
    const foreign = join(folder, "foreign.onnx");
    writeFileSync(foreign, "somebody's model");
    const refusal = { code: "FILE_NOT_WRITABLE" };
    await expect(exportOnnxModel({ model: source, out: foreign })).rejects.toMatchObject(refusal);
    expect(readFileSync(foreign, "utf8")).toBe("somebody's model");
    const other = modelFolder("transformers-models/bert");
    await expect(exportOnnxModel({ model: source, out: other })).rejects.toThrow(/config\.json.*--force/);
    expect(existsSync(join(other, "onnx"))).toBe(false);
    await exportOnnxModel({ model: source, out: foreign, force: true });
    await exportOnnxModel({ model: source, out: foreign }); // now it is one of ours
  });

  it("nowhere when the model cannot be read", async () => {
    const broken = modelFolder("masked-language-models/bert");
    rmSync(join(broken, "model.safetensors"));
    const out = join(folder, "nothing");
    await expect(exportOnnxModel({ model: broken, out })).rejects.toMatchObject({ code: "FILE_NOT_FOUND" });
    expect(existsSync(out)).toBe(false);
  });
});

it("leaves no tensor behind", async () => {
  const before = tf.engine().state.numTensors;
  await exportOnnxModel({
    model: modelFolder("transformers-models/roberta"),
    out: join(folder, "leak.onnx"),
  });
  expect(tf.engine().state.numTensors).toBe(before);
});
