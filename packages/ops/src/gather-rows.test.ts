import * as tf from "@tensorflow/tfjs-core";
import { startBackend } from "@textdiffusion/backend-node";
import type { Backend } from "@textdiffusion/core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { gatherRows } from "./gather-rows.js";

describe.each(["onnx", "wasm", "cpu"])("on %s", (name) => {
  let backend: Backend;
  beforeAll(async () => {
    backend = await startBackend(name);
  });
  afterAll(() => backend.dispose());

  it("reads rows in the order of the indices", async () => {
    const table = [1, 2, 3, 4, 5, 6];
    const rows = tf.tidy(() => gatherRows(tf.tensor2d(table, [3, 2]), tf.tensor1d([2, 0, 2, 1], "int32")));
    expect(Array.from(await rows.data())).toEqual([5, 6, 1, 2, 5, 6, 3, 4]);
  });

  it("sums the gradient of every reader of a row; a row that nobody read has 0", async () => {
    const gradient = tf.tidy(() =>
      tf.grad((table) => gatherRows(table as tf.Tensor2D, tf.tensor1d([2, 0, 2], "int32")))(
        tf.zeros<tf.Rank.R2>([4, 2]),
        tf.tensor2d([1, 10, 2, 20, 4, 40], [3, 2]),
      ),
    );
    expect(gradient.shape).toEqual([4, 2]);
    expect(Array.from(await gradient.data())).toEqual([2, 20, 0, 0, 5, 50, 0, 0]);
  });
});
