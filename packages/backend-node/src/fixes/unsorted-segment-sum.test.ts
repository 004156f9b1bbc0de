import * as tf from "@tensorflow/tfjs-core";
import { Random } from "@textdiffusion/core";
import { describe, expect, it } from "vitest";
import { startBackend } from "../create-backend.js";

/** Gradient of `sum(gather(table, ids) * upstream)` for the table, added up in doubles. */
function scatterAdd(vocab: number, width: number, ids: Int32Array, upstream: Float32Array): Float64Array {
  const sums = new Float64Array(vocab * width);
  ids.forEach((id, row) => {
    for (let column = 0; column < width; column++)
      sums[id * width + column] += upstream[row * width + column];
  });
  return sums;
}

describe.each(["wasm", "cpu"])("gradient of an embedding on %s", (name) => {
  it.each([
    ["a small table", 7, 3, 40],
    ["RoBERTa's vocabulary", 50_265, 16, 512], // the kernel that the cpu backend comes with would take minutes
  ])("is a scatter-add: %s", async (_, vocab, width, rows) => {
    const backend = await startBackend(name);
    const random = Random.fromSeed(1);
    const ids = Int32Array.from({ length: rows }, (_, row) => random.integer(vocab, row));
    ids[1] = ids[0];
    ids[rows - 1] = vocab - 1;
    const upstream = random.split("upstream").fillNormal(new Float32Array(rows * width));
    const gradient = tf.tidy(() => {
      const weights = tf.tensor2d(upstream, [rows, width]);
      const lookUp = (table: tf.Tensor) =>
        tf.sum(tf.mul(tf.gather(table, tf.tensor1d(ids, "int32")), weights));
      return tf.grad(lookUp)(tf.zeros([vocab, width]));
    });
    const actual = (await gradient.data()) as Float32Array;
    const expected = scatterAdd(vocab, width, ids, upstream);
    const worst = actual.reduce((max, value, index) => Math.max(max, Math.abs(value - expected[index])), 0);
    expect(worst).toBeLessThan(1e-5);
    gradient.dispose();
    await backend.dispose();
  });

  it("leaves out ids that name no segment, and takes ids of any rank and integers", async () => {
    const backend = await startBackend(name);
    const sums = tf.tidy(() =>
      tf.unsortedSegmentSum(tf.tensor1d([1, 2, 4, 8], "int32"), tf.tensor1d([-1, 0, 2, 3], "int32"), 3),
    );
    expect(sums.dtype).toBe("int32");
    expect([...(await sums.data())]).toEqual([2, 0, 4]);
    sums.dispose();
    await backend.dispose();
  });
});
