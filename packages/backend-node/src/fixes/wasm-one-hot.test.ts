import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { startBackend } from "../create-backend.js";

describe.each(["wasm", "cpu"])("one-hot on %s", (name) => {
  it.each(["float32", "int32", "bool"] as const)("writes %s", async (dtype) => {
    const backend = await startBackend(name);
    const table = tf.tidy(() => tf.oneHot(tf.tensor2d([[1, 0, 2]], [1, 3], "int32"), 3, 1, 0, dtype));
    expect(table.dtype).toBe(dtype);
    expect(table.shape).toEqual([1, 3, 3]);
    expect([...(await table.data())]).toEqual([0, 1, 0, 1, 0, 0, 0, 0, 1]);
    table.dispose();
    await backend.dispose();
  });

  it("leaves rows of unknown ids off, and uses the values it is given", async () => {
    const backend = await startBackend(name);
    const table = tf.tidy(() => tf.oneHot(tf.tensor1d([-1, 2, 1], "int32"), 2, 5, -0.5, "float32"));
    expect([...(await table.data())]).toEqual([-0.5, -0.5, -0.5, -0.5, -0.5, 5]);
    table.dispose();
    await backend.dispose();
  });

  it("gives cross entropy its closed form", async () => {
    const backend = await startBackend(name);
    // -log softmax([0, log 3])_1 = -log(3 / 4)
    const loss = tf.tidy(() => {
      const logProbs = tf.logSoftmax(tf.tensor2d([[0, Math.log(3)]]));
      const labels = tf.oneHot(tf.tensor1d([1], "int32"), 2, 1, 0, "float32");
      return tf.neg(tf.sum(tf.mul(logProbs, labels)));
    });
    expect((await loss.data())[0]).toBeCloseTo(-Math.log(3 / 4), 5);
    loss.dispose();
    await backend.dispose();
  });
});
