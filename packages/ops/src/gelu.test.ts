import * as tf from "@tensorflow/tfjs-core";
import { startBackend } from "@textdiffusion/backend-node";
import type { Backend } from "@textdiffusion/core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { gelu, geluTanh } from "./gelu.js";

/** Phi(x) by Simpson's rule from -12, where it is 0 in doubles: nothing in common with the polynomial of tfjs. */
function normalDistribution(x: number): number {
  const steps = 4000;
  const width = (x + 12) / steps;
  const density = (at: number) => Math.exp((-at * at) / 2) / Math.sqrt(2 * Math.PI);
  let sum = density(-12) + density(x);
  for (let step = 1; step < steps; step++) sum += (step % 2 === 0 ? 2 : 4) * density(-12 + step * width);
  return (sum * width) / 3;
}

const statements = {
  gelu: { tensor: gelu<tf.Tensor>, double: (x: number) => x * normalDistribution(x) },
  geluTanh: {
    tensor: geluTanh<tf.Tensor>,
    double: (x: number) => 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3))),
  },
};
const points = [-11, -6, -3.3, -1.2, -0.75, -1e-3, 0, 1e-3, 0.3, 1, 2.5, 4, 11];

describe.each(["onnx", "wasm", "cpu"])("on %s", (name) => {
  let backend: Backend;
  beforeAll(async () => {
    backend = await startBackend(name);
  });
  afterAll(() => backend.dispose());

  describe.each(Object.entries(statements))("%s", (_, { tensor, double }) => {
    it("is its formula in doubles", async () => {
      const values = await tf.tidy(() => tensor(tf.tensor1d(points))).data();
      points.forEach((x, index) => {
        expect(Math.abs(values[index] - double(x)), `at ${x}`).toBeLessThan(1e-6 * (1 + Math.abs(x)));
      });
    });

    it("has the slope of that formula", async () => {
      const slopes = await tf.tidy(() => tf.grad((x) => tf.sum(tensor(x)))(tf.tensor1d(points))).data();
      points.forEach((x, index) => {
        const slope = (double(x + 1e-4) - double(x - 1e-4)) / 2e-4;
        expect(Math.abs(slopes[index] - slope), `at ${x}`).toBeLessThan(3e-6);
      });
    });

    it("passes on what comes from above, in any shape", async () => {
      const [once, thrice] = tf.tidy(() => {
        const x = tf.tensor3d(points.slice(0, 12), [2, 3, 2]);
        const slope = tf.grad((at) => tensor(at));
        return [slope(x), slope(x, tf.fill(x.shape, 3))];
      });
      const expected = Array.from(await once.data(), (value) => Math.fround(value) * 3);
      (await thrice.data()).forEach((value, index) => {
        expect(value).toBeCloseTo(expected[index], 5);
      });
    });
  });
});
