import "@tensorflow/tfjs-backend-cpu";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import * as tf from "@tensorflow/tfjs-core";
import { build } from "esbuild";
import * as ort from "onnxruntime-web";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { registerGradients } from "../gradients/register-gradients.js";
import type { OnnxBackend } from "../onnx-backend.js";
import { encodeOnnx, installOnnxBackend, webRuntime } from "../web.js";

let backend: OnnxBackend;

beforeAll(async () => {
  await registerGradients(); // Node's build of tfjs-core leaves them out
  backend = await installOnnxBackend({ runtime: webRuntime(ort), threads: 1 });
});
afterAll(() => tf.removeBackend("onnx"));

/** Trains a small network of embeddings, products, a softmax and a normalisation. */
async function train(name: string) {
  await tf.setBackend(name);
  const [vocab, hidden] = [11, 8];
  const table = tf.variable(tf.randomNormal([vocab, hidden], 0, 0.5, "float32", 1));
  const head = tf.variable(tf.randomNormal([hidden, vocab], 0, 0.5, "float32", 2));
  const optimizer = tf.train.adam(0.05);
  const losses: number[] = [];
  for (let step = 0; step < 5; step++) {
    const ids = tf.tensor1d(
      Array.from({ length: 6 }, (_, place) => (3 * place + step) % vocab),
      "int32",
    );
    const loss = optimizer.minimize(() => {
      const x = tf.gather(table, ids);
      const { mean, variance } = tf.moments(x, 1, true);
      const normal = tf.div(tf.sub(x, mean), tf.sqrt(tf.add(variance, 1e-5)));
      const logProbs = tf.logSoftmax(tf.matMul(normal as tf.Tensor2D, head as tf.Tensor2D));
      return tf.neg(tf.mean(tf.sum(tf.mul(logProbs, tf.cast(tf.oneHot(ids, vocab), "float32")), 1)));
    }, true)!;
    losses.push((await loss.data())[0]);
    tf.dispose([loss, ids]);
  }
  const weights = await Promise.all([table, head].map(async (weight) => Array.from(await weight.data())));
  tf.dispose([table, head]);
  return [...losses, ...weights.flat()];
}

describe("onnxruntime-web", () => {
  it("trains to the numbers of the cpu backend", async () => {
    const expected = await train("cpu");
    const found = await train("onnx");
    expect(backend.statistics().runs).toBeGreaterThan(0);
    found.forEach((value, place) => {
      expect(Math.abs(value - expected[place])).toBeLessThan(1e-4);
    });
  });

  it("computes with every type that it is given", async () => {
    await tf.setBackend("onnx");
    const numbers = tf.tensor1d([3, -1, 2], "int32");
    const negative = tf.less(numbers, 0);
    expect(await tf.mul(numbers, numbers).data()).toEqual(Int32Array.of(9, 1, 4));
    expect(await negative.data()).toEqual(Uint8Array.of(0, 1, 0));
    expect(await tf.where(negative, tf.zerosLike(numbers), numbers).data()).toEqual(Int32Array.of(3, 0, 2));
  });

  it("says what to call in place of dataSync, flushes, and names the operation that failed", async () => {
    await tf.setBackend("onnx");
    const sum = tf.add(tf.tensor1d([1, 2]), 1);
    expect(() => sum.dataSync()).toThrow(/await tensor.data\(\).*READ_SYNC_UNAVAILABLE/);
    await backend.flush();
    expect(Array.from(sum.dataSync())).toEqual([2, 3]);
    const gathered = tf.gather(
      tf.tensor1d([1, 2]),
      tf.mul(tf.tensor1d([7], "int32"), tf.scalar(1, "int32")) as tf.Tensor1D,
    );
    await expect(backend.flush()).rejects.toThrow(/GatherV2\(float32 \[2\], int32 \[1\]\)/);
    await expect(gathered.data()).rejects.toThrow(/GatherV2/);
  });

  it("runs frozen weights, and what was exported, to the same numbers", async () => {
    await tf.setBackend("onnx");
    const weight = tf.variable(tf.randomNormal([64, 32], 0, 1, "float32", 5));
    const forward = (x: tf.Tensor) =>
      tf.relu(tf.matMul(x as tf.Tensor2D, weight as tf.Tensor as tf.Tensor2D));
    const values = Float32Array.from({ length: 128 }, (_, place) => Math.sin(place));
    const x = tf.tensor2d(values, [2, 64]);
    const expected = Array.from(await forward(x).data());
    await backend.freeze([weight]);
    expect(await forward(x).data()).toEqual(Float32Array.from(expected));
    const model = await encodeOnnx(backend, (input) => ({ y: forward(input) }), {
      inputs: { x: { shape: ["batch", 64], dtype: "float32" } },
    });
    const session = await ort.InferenceSession.create(model);
    const { y } = await session.run({ x: new ort.Tensor("float32", values, [2, 64]) });
    expect(y.dims).toEqual([2, 32]);
    expect(Array.from(y.data as Float32Array)).toEqual(expected);
    await session.release();
  });

  it("runs weights of 8 bits, for all sizes from one graph", async () => {
    await tf.setBackend("onnx");
    const weight = tf.variable(tf.randomNormal([64, 32], 0, 1, "float32", 6));
    const inputs = [2, 3, 5].map((rows) => tf.randomNormal([rows, 64], 0, 1, "float32", rows) as tf.Tensor2D);
    const product = (x: tf.Tensor2D) => tf.matMul(x, weight as tf.Tensor as tf.Tensor2D).data();
    const expected: ArrayLike<number>[] = [];
    for (const x of inputs) expected.push(await product(x));
    await backend.freeze([weight], { dtype: "q8" });
    const { graphs } = backend.statistics();
    for (const [place, x] of inputs.entries()) {
      const found = await product(x);
      found.forEach((value, index) => {
        expect(Math.abs(value - expected[place][index])).toBeLessThan(0.5); // of numbers around 8
      });
      expect(found).not.toEqual(expected[place]);
    }
    expect(backend.statistics().graphs).toBe(graphs + 1);
  });

  it("refuses what is not the library", () => {
    expect(() => webRuntime({} as never)).toThrow(/import \* as ort.*BACKEND_UNAVAILABLE/);
  });
});

it("the entry for browsers bundles for the browser, with no module of Node in it", async () => {
  const folder = await mkdtemp(join(tmpdir(), "onnx-web-"));
  try {
    const entry = fileURLToPath(new URL("../web.ts", import.meta.url));
    const core = createRequire(import.meta.url).resolve("@tensorflow/tfjs-core/package.json");
    await writeFile(join(folder, "page.ts"), `export * from ${JSON.stringify(entry)};`);
    // No module is external, so one of Node that is left makes the build fail.
    const { metafile, warnings } = await build({
      entryPoints: [join(folder, "page.ts")],
      bundle: true,
      platform: "browser",
      format: "esm",
      write: false,
      metafile: true,
      logLevel: "silent",
      nodePaths: [join(core, "../../..")],
    });
    expect(warnings).toEqual([]);
    const files = Object.keys(metafile.inputs);
    expect(files.some((file) => file.endsWith("src/web.ts"))).toBe(true);
    expect(files.filter((file) => /node-runtime|install-onnx-backend|onnxruntime-node/.test(file))).toEqual(
      [],
    );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
