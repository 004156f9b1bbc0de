import * as tf from "@tensorflow/tfjs-core";
import { startBackend } from "@textdiffusion/backend-node";
import { type Backend, Random } from "@textdiffusion/core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { layerNorm } from "./layer-norm.js";

const [rows, hidden, epsilon] = [6, 5, 1e-3];
const normal = (label: string, size: number) =>
  Random.fromSeed(5).split(label).fillNormal(new Float32Array(size));
const x = normal("x", rows * hidden);
const scale = normal("scale", hidden);
const offset = normal("offset", hidden);
const upstream = normal("upstream", rows * hidden);

/** `sum(upstream * layerNorm(x))` in doubles. */
function statement(x: ArrayLike<number>, scale: ArrayLike<number>, offset: ArrayLike<number>): number {
  let total = 0;
  for (let row = 0; row < rows; row++) {
    const values = Array.from({ length: hidden }, (_, column) => x[row * hidden + column]);
    const mean = values.reduce((sum, value) => sum + value, 0) / hidden;
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / hidden;
    values.forEach((value, column) => {
      const normalised = (value - mean) / Math.sqrt(variance + epsilon);
      total += upstream[row * hidden + column] * (normalised * scale[column] + offset[column]);
    });
  }
  return total;
}

function slopes(at: Float32Array, of: (values: Float64Array) => number): number[] {
  return Array.from(at, (_, index) => {
    const moved = (by: number) => Float64Array.from(at, (value, other) => value + (other === index ? by : 0));
    return (of(moved(1e-5)) - of(moved(-1e-5))) / 2e-5;
  });
}

describe.each(["onnx", "wasm", "cpu"])("on %s", (name) => {
  let backend: Backend;
  beforeAll(async () => {
    backend = await startBackend(name);
  });
  afterAll(() => backend.dispose());

  it("has the gradients of its formula in doubles, for input, scale and offset", async () => {
    const shape: [number, number, number] = [2, rows / 2, hidden];
    const found = tf.tidy(() =>
      tf.grads((at, scaleAt, offsetAt) => layerNorm(at, scaleAt, offsetAt, epsilon))(
        [tf.tensor3d(x, shape), tf.tensor1d(scale), tf.tensor1d(offset)],
        tf.tensor3d(upstream, shape),
      ),
    );
    const expected = [
      slopes(x, (at) => statement(at, scale, offset)),
      slopes(scale, (at) => statement(x, at, offset)),
      slopes(offset, (at) => statement(x, scale, at)),
    ];
    expect(found.map((gradient) => gradient.shape)).toEqual([shape, [hidden], [hidden]]);
    for (const [index, gradient] of found.entries()) {
      const largest = Math.max(...expected[index].map(Math.abs));
      for (const [at, value] of (await gradient.data()).entries()) {
        expect(Math.abs(value - expected[index][at]) / largest, `${index}, ${at}`).toBeLessThan(1e-5);
      }
    }
  });

  it("gives rows of mean 0 and variance v / (v + epsilon), and stays finite on a constant row", async () => {
    const input = Float32Array.from(x);
    input.fill(7, 0, hidden);
    const output = tf.tidy(() =>
      layerNorm(tf.tensor2d(input, [rows, hidden]), tf.ones([hidden]), tf.zeros([hidden]), epsilon),
    );
    const values = await output.data();
    for (let row = 0; row < rows; row++) {
      const meanOf = (data: Float32Array, power: number) =>
        data.subarray(row * hidden, (row + 1) * hidden).reduce((sum, value) => sum + value ** power, 0) /
        hidden;
      const variance = meanOf(input, 2) - meanOf(input, 1) ** 2;
      expect(meanOf(values as Float32Array, 1)).toBeCloseTo(0, 5);
      expect(meanOf(values as Float32Array, 2)).toBeCloseTo(variance / (variance + epsilon), 4);
    }
  });
});
