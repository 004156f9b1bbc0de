import * as tf from "@tensorflow/tfjs-core";
import { startBackend } from "@textdiffusion/backend-node";
import { type Backend, Random } from "@textdiffusion/core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { dropout } from "./dropout.js";

const size = 40_000;
const drop = async (rate: number, seed: number) =>
  (await tf.tidy(() => dropout(tf.ones([size]), rate, Random.fromSeed(seed))).data()) as Float32Array;

describe.each(["onnx", "wasm", "cpu"])("on %s", (name) => {
  let backend: Backend;
  beforeAll(async () => {
    backend = await startBackend(name);
  });
  afterAll(() => backend.dispose());

  it.each([0.1, 0.5, 0.9])(
    "drops a share of %f and scales the rest, so that the mean stays",
    async (rate) => {
      const values = await drop(rate, 1);
      const kept = Math.fround(1 / (1 - rate));
      expect(values.every((value) => value === 0 || value === kept)).toBe(true);
      const dropped = values.filter((value) => value === 0).length;
      // Five standard deviations of a binomial: a false alarm in 1.7 million seeds.
      expect(Math.abs(dropped - size * rate)).toBeLessThan(5 * Math.sqrt(size * rate * (1 - rate)));
    },
  );

  it("drops the same entries for the same stream, others for another", async () => {
    expect(await drop(0.5, 1)).toEqual(await drop(0.5, 1));
    expect(await drop(0.5, 1)).not.toEqual(await drop(0.5, 2));
  });

  it("gives the gradient the factors of the forward pass", async () => {
    const gradient = tf.tidy(() =>
      tf.grad((x) => dropout(x, 0.5, Random.fromSeed(1)))(tf.fill([size], 3), tf.ones([size])),
    );
    expect(await gradient.data()).toEqual(await drop(0.5, 1));
  });

  it("returns its input at rate 0", () => {
    tf.tidy(() => {
      const x = tf.tensor1d([1, 2]);
      expect(dropout(x, 0, Random.fromSeed(1))).toBe(x);
    });
  });
});
