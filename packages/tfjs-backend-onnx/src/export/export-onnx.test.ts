import { existsSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { installOnnxBackend } from "../install-onnx-backend.js";
import type { OnnxBackend } from "../onnx-backend.js";
import { exportOnnx } from "./export-onnx.js";

let backend: OnnxBackend;
let folder: string;
let weights: tf.Variable[];
const [vocab, hidden, heads] = [13, 24, 3];
beforeAll(async () => {
  backend = await installOnnxBackend({ threads: 1 });
  folder = await mkdtemp(join(tmpdir(), "export-onnx-"));
  const shapes = [[vocab, hidden], [hidden, hidden], [hidden, hidden], [hidden, hidden], [hidden]];
  weights = shapes.map((shape, seed) => tf.variable(tf.randomNormal(shape, 0, 0.3, "float32", seed)));
});
afterAll(() => rm(folder, { recursive: true }));

/** An embedding, attention in heads and a head over the vocabulary, for ids [batch, seq] and a mask of them. */
function model(ids: tf.Tensor, mask: tf.Tensor): { logits: tf.Tensor; best: tf.Tensor } {
  const [batch, seq] = ids.shape;
  const [table, query, key, value, bias] = weights as tf.Tensor[];
  const rows = batch * seq;
  const x = tf.gather(table, tf.reshape(ids, [rows]) as tf.Tensor1D) as tf.Tensor2D; // [rows, hidden]
  const split = (weight: tf.Tensor) =>
    tf.transpose(
      tf.reshape(tf.matMul(x, weight as tf.Tensor2D), [batch, seq, heads, hidden / heads]),
      [0, 2, 1, 3],
    );
  const blocked = tf.mul(tf.sub(1, tf.reshape(mask, [batch, 1, 1, seq])), -1e9);
  const scores = tf.add(tf.matMul(split(query), split(key), false, true), blocked);
  const mixed = tf.matMul(tf.softmax(scores), split(value));
  const joined = tf.add(tf.reshape(tf.transpose(mixed, [0, 2, 1, 3]), [rows, hidden]), bias) as tf.Tensor2D;
  const logits = tf.reshape(tf.matMul(joined, table as tf.Tensor2D, false, true), [batch, seq, vocab]);
  return { logits, best: tf.argMax(logits, -1) };
}

function example(batch: number, seq: number) {
  const ids = Int32Array.from({ length: batch * seq }, (_, place) => (place * 5) % vocab);
  const mask = Float32Array.from({ length: batch * seq }, (_, place) => (place % seq < seq - 1 ? 1 : 0));
  return { ids, mask, shape: [batch, seq] };
}

async function compareWithFile(file: string, batch: number, seq: number) {
  const { ids, mask, shape } = example(batch, seq);
  const session = await InferenceSession.create(file);
  const found = await session.run({
    ids: new Tensor("int32", ids, shape),
    mask: new Tensor("float32", mask, shape),
  });
  await session.release();
  const expected = tf.tidy(() => model(tf.tensor(ids, shape, "int32"), tf.tensor(mask, shape)));
  expect(found.logits.dims).toEqual(expected.logits.shape);
  const values = Array.from(await expected.logits.data());
  (found.logits.data as Float32Array).forEach((value, place) => {
    expect(value).toBeCloseTo(values[place], 4);
  });
  expect(Array.from(found.best.data as Int32Array)).toEqual(Array.from(await expected.best.data()));
  tf.dispose(expected);
}

const dynamic = {
  ids: { shape: ["batch", "sequence"], dtype: "int32" },
  mask: { shape: ["batch", "sequence"], dtype: "float32" },
} as const;

describe("an exported file computes what the function does", () => {
  it("for one shape", async () => {
    const file = join(folder, "fixed.onnx");
    const fixed = {
      ids: { shape: [2, 4], dtype: "int32" },
      mask: { shape: [2, 4], dtype: "float32" },
    } as const;
    await exportOnnx(backend, model, file, { inputs: fixed });
    await compareWithFile(file, 2, 4);
  });

  it.each([false, true])("for every shape, with weights beside it: %s", async (externalData) => {
    const file = join(folder, `dynamic-${externalData}.onnx`);
    await exportOnnx(backend, model, file, { inputs: dynamic, externalData });
    expect(existsSync(`${file}_data`)).toBe(externalData);
    for (const [batch, seq] of [
      [2, 4],
      [1, 1],
      [3, 7],
      [1, 16],
    ])
      await compareWithFile(file, batch, seq);
  });
});

it("declares what a reader looks for: names, types, sizes of the named axes, who wrote it", async () => {
  const file = join(folder, "described.onnx");
  const inputs = {
    ids: { shape: ["batch", "sequence"], dtype: "int64" },
    mask: { shape: ["batch", "sequence"], dtype: "float32" },
  } as const;
  const described = await exportOnnx(backend, model, file, {
    inputs,
    producer: { name: "a-test", version: "1.2.3" },
    metadata: { mask_token_id: "7" },
  });
  expect(described.bytes).toBe((await stat(file)).size);
  const text = await readFile(file, "latin1");
  for (const part of ["a-test", "1.2.3", "mask_token_id"]) expect(text).toContain(part);
  expect(text).not.toContain("com.microsoft"); // operators that every runtime of ONNX has
  const session = await InferenceSession.create(file);
  const [ids, mask] = session.inputMetadata;
  expect(ids).toMatchObject({ name: "ids", type: "int64", shape: ["batch", "sequence"] });
  expect(mask).toMatchObject({ name: "mask", type: "float32" });
  const [logits, best] = session.outputMetadata;
  expect(logits).toMatchObject({ name: "logits", type: "float32", shape: ["batch", "sequence", vocab] });
  expect(best).toMatchObject({ name: "best", type: "int32", shape: ["batch", "sequence"] });
  const { ids: numbers, mask: attended, shape } = example(2, 3);
  const found = await session.run({
    ids: new Tensor("int64", BigInt64Array.from(numbers, BigInt), shape),
    mask: new Tensor("float32", attended, shape),
  });
  const expected = tf.tidy(() => model(tf.tensor(numbers, shape, "int32"), tf.tensor(attended, shape)));
  expect(Array.from(found.best.data as Int32Array)).toEqual(Array.from(await expected.best.data()));
  tf.dispose(expected);
  await session.release();
});

it("lays external weights at pages of their file", async () => {
  const weight = tf.variable(tf.randomNormal([40, 40], 0, 1, "float32", 3));
  const other = tf.variable(tf.randomNormal([40, 40], 0, 1, "float32", 4));
  const run = (x: tf.Tensor) => ({
    y: tf.matMul(
      tf.matMul(x as tf.Tensor2D, weight as tf.Tensor as tf.Tensor2D),
      other as tf.Tensor as tf.Tensor2D,
    ),
  });
  const inputs = { x: { shape: ["rows", 40], dtype: "float32" } } as const;
  const written = await exportOnnx(backend, run, join(folder, "pages.onnx"), { inputs, externalData: true });
  expect(written.external?.bytes).toBe(8192 + 6400); // 6400 bytes each, the second from a page on
  const session = await InferenceSession.create(written.file);
  const x = Float32Array.from({ length: 80 }, (_, place) => Math.cos(place));
  const { y } = await session.run({ x: new Tensor("float32", x, [2, 40]) });
  const expected = tf.tidy(() => run(tf.tensor2d(x, [2, 40])).y);
  const values = await expected.data();
  (y.data as Float32Array).forEach((value, place) => {
    expect(value).toBeCloseTo(values[place], 4);
  });
  await session.release();
  tf.dispose([expected, weight, other]);
});

it("leaves no tensor, nothing recorded and no partial file", async () => {
  const tensors = tf.memory().numTensors;
  const data = backend.numDataIds();
  await exportOnnx(backend, model, join(folder, "again.onnx"), { inputs: dynamic });
  expect(tf.memory().numTensors).toBe(tensors);
  expect(backend.numDataIds()).toBe(data);
  expect(backend.statistics().recorded).toBe(0);
  expect((await readdir(folder)).filter((name) => name.endsWith(".partial"))).toEqual([]);
});

it("says which operator has a fixed size", async () => {
  const run = (x: tf.Tensor) => ({ y: tf.add(x, tf.range(0, x.shape[0])) });
  const inputs = { x: { shape: ["length"], dtype: "float32" } } as const;
  await expect(exportOnnx(backend, run, join(folder, "no.onnx"), { inputs })).rejects.toThrow(
    /got Add.*UNSUPPORTED/,
  );
});

it("refuses a result that needs no input, and a folder that is not there", async () => {
  const inputs = { x: { shape: [2], dtype: "float32" } } as const;
  const same = (x: tf.Tensor) => ({ y: tf.clone(x) });
  await expect(exportOnnx(backend, same, join(folder, "no.onnx"), { inputs })).rejects.toMatchObject({
    code: "UNSUPPORTED",
  });
  const twice = (x: tf.Tensor) => ({ y: tf.mul(x, 2) });
  await expect(exportOnnx(backend, twice, join(folder, "none", "x.onnx"), { inputs })).rejects.toMatchObject({
    code: "FILE_NOT_WRITABLE",
  });
});
