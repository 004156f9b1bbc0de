import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { startBackend } from "./create-backend.js";

describe.each(["onnx", "wasm", "cpu"])("gradients of sum and mean on %s", (name) => {
  it.each([
    { axis: undefined, share: 1 / 24 },
    { axis: 0, share: 1 / 2 },
    { axis: -1, share: 1 / 4 },
    { axis: [0, 2], share: 1 / 8 },
  ])("are 1 and 1 / (numbers summed), times what comes down: axis $axis", async ({ axis, share }) => {
    const backend = await startBackend(name);
    const x = tf.reshape(tf.range(0, 24), [2, 3, 4]);
    for (const keepDims of [false, true]) {
      const gradients = tf.tidy(() => [
        tf.grad((y: tf.Tensor) => tf.mul(tf.sum(y, axis, keepDims), 3))(x),
        tf.grad((y: tf.Tensor) => tf.mul(tf.mean(y, axis, keepDims), 3))(x),
      ]);
      for (const [index, expected] of [3, 3 * share].entries()) {
        expect(gradients[index].shape).toEqual(x.shape);
        for (const value of await gradients[index].data()) expect(value).toBeCloseTo(expected, 6);
      }
      tf.dispose(gradients);
    }
    x.dispose();
    await backend.dispose();
  });

  it("have gradients of their own", async () => {
    const backend = await startBackend(name);
    // d/dx of sum((d/dx sum(x^3))^2) = d/dx of sum(9 x^4) = 36 x^3
    const cube = (y: tf.Tensor) => tf.sum(tf.mul(y, tf.mul(y, y)));
    const second = tf.tidy(() =>
      tf.grad((y: tf.Tensor) => tf.sum(tf.square(tf.grad(cube)(y))))(tf.tensor1d([1, -2])),
    );
    expect([...(await second.data())]).toEqual([36, -288]);
    second.dispose();
    await backend.dispose();
  });
});
