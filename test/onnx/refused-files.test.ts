import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import {
  type ExportInput,
  exportOnnx,
  installOnnxBackend,
  type OnnxBackend,
} from "@textdiffusion/tfjs-backend-onnx";
import { nodeSession, onnxModel } from "textdiffusion";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

// Graphs that are no masked language model, and graphs that are one in another way than ours.

const vocab = 7;
const folder = mkdtempSync(join(tmpdir(), "onnx-refused-"));
let backend: OnnxBackend;
let table: tf.Variable;
beforeAll(async () => {
  backend = await installOnnxBackend({ threads: 1 });
  table = tf.variable(tf.randomNormal([vocab, vocab], 0, 1, "float32", 1));
});
afterAll(() => {
  table.dispose();
  tf.removeBackend("onnx");
  rmSync(folder, { recursive: true, force: true });
});

const open: ExportInput = { shape: ["batch", "sequence"], dtype: "int64" };

/** Logits of each token from the row of its id, and a bit of its mask and type. */
function graph(inputs: Record<string, ExportInput>, output = "logits") {
  const names = Object.keys(inputs);
  const run = (...tensors: tf.Tensor[]) => {
    const ids = tensors[names.indexOf("input_ids")] ?? tensors[0];
    const [batch, seq] = ids.shape;
    const rows = tf.gather(table, tf.cast(tf.reshape(ids, [batch * seq]), "int32") as tf.Tensor1D);
    const rest = tensors.filter((tensor) => tensor !== ids);
    const sum = rest.reduce<tf.Tensor>(
      (all, tensor) => tf.add(all, tf.cast(tensor, "float32")),
      tf.scalar(0),
    );
    const logits = tf.add(tf.reshape(rows, [batch, seq, vocab]), tf.reshape(sum, [...sum.shape, 1]));
    return { [output]: logits };
  };
  return { inputs, run };
}

let files = 0;
async function modelOf({ inputs, run }: ReturnType<typeof graph>) {
  const file = join(folder, `${files++}.onnx`);
  await exportOnnx(backend, run, file, { inputs });
  return onnxModel(await nodeSession(file));
}

const both = { input_ids: open, attention_mask: open };
const example = {
  batch: 2,
  seq: 2,
  ids: Int32Array.of(0, 1, 2, 3),
  attentionMask: Uint8Array.of(1, 1, 1, 0),
  positions: Int32Array.of(1, 3),
};

async function expectLogits(model: Awaited<ReturnType<typeof onnxModel>>) {
  expect(model.vocabularySize).toBe(vocab);
  const rows = await table.data();
  const expected = [...rows.slice(vocab, 2 * vocab).map((x) => x + 1), ...rows.slice(3 * vocab, 4 * vocab)];
  (await model.logits(example)).forEach((value, index) => {
    expect(value).toBeCloseTo(expected[index], 5);
  });
  model.dispose();
}

describe("a file is read", () => {
  it.each<[string, Record<string, ExportInput>]>([
    ["as ours are", both],
    [
      "with its inputs in another order, and token types",
      { token_type_ids: open, attention_mask: open, input_ids: open },
    ],
    [
      "with inputs of int32",
      { input_ids: { ...open, dtype: "int32" }, attention_mask: { ...open, dtype: "int32" } },
    ],
    [
      "with rows one by one",
      {
        input_ids: { shape: [1, "sequence"], dtype: "int64" },
        attention_mask: { shape: [1, "sequence"], dtype: "int64" },
      },
    ],
  ])("%s", async (_, inputs) => expectLogits(await modelOf(graph(inputs))));
});

describe("a file is refused", () => {
  it.each<[string, string, RegExp, Record<string, ExportInput>, string?]>([
    [
      "without input_ids",
      "MODEL_INVALID",
      /inputs "attention_mask", "input_ids".*got "attention_mask", "ids"/,
      { ids: open, attention_mask: open },
    ],
    ["without attention_mask", "MODEL_INVALID", /got "input_ids"\./, { input_ids: open }],
    [
      "with an input that nothing feeds",
      "UNSUPPORTED",
      /got "position_ids" as well/,
      { ...both, position_ids: open },
    ],
    [
      "without logits",
      "MODEL_INVALID",
      /output "logits".*got "last_hidden_state"/,
      both,
      "last_hidden_state",
    ],
    [
      "with inputs of float32",
      "UNSUPPORTED",
      /inputs of int64.*got float32/,
      { input_ids: { ...open, dtype: "float32" }, attention_mask: { ...open, dtype: "float32" } },
    ],
    [
      "of a fixed length",
      "UNSUPPORTED",
      /any batch and length.*\[batch, 16\].*dynamic axes/,
      {
        input_ids: { shape: ["batch", 16], dtype: "int64" },
        attention_mask: { shape: ["batch", 16], dtype: "int64" },
      },
    ],
  ])("%s", async (_, code, sentence, inputs, output) => {
    const answer = modelOf(graph(inputs, output));
    await expect(answer).rejects.toMatchObject({ code });
    await expect(answer).rejects.toThrow(sentence);
  });

  it("when its logits are not one row a token", async () => {
    const run = (ids: tf.Tensor, mask: tf.Tensor) => ({
      logits: tf.cast(tf.add(ids, mask), "float32"), // [batch, sequence]
    });
    await expect(modelOf({ inputs: both, run: run as never })).rejects.toThrow(/MODEL_INVALID/);
  });
});
