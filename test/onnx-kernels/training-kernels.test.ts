import "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";
import { installOnnxBackend } from "@textdiffusion/tfjs-backend-onnx";
import fc from "fast-check";
import { beforeAll, describe, it } from "vitest";
import { anyShape, floats, ints, tameFloat } from "./arbitraries.js";
import { agree, size } from "./properties.js";

// Kernels that tfjs has not, against the same formulas composed of its own on the cpu backend, gradients by tfjs.

beforeAll(async () => {
  await installOnnxBackend({ threads: 1, warn: () => {} }); // every sample has a new shape
});

const run = (name: string, inputs: Record<string, tf.Tensor>, attributes = {}) =>
  tf.engine().runKernel(name, inputs, attributes) as tf.Tensor | tf.Tensor[];

describe("the cross entropy of one label a row", () => {
  // Composed of kernels of tfjs, on the cpu backend.
  const composed = (logits: tf.Tensor, labels: tf.Tensor) =>
    tf.neg(tf.sum(tf.mul(tf.logSoftmax(logits), tf.cast(tf.oneHot(labels, logits.shape[1]!), "float32")), 1));
  it("and its gradient are what their formula says", () =>
    agree(
      fc.tuple(size(1), fc.integer({ min: 2, max: 300 })).chain(([rows, vocab]) =>
        fc.record({
          samples: fc.tuple(
            floats([rows, vocab], fc.float({ min: -90, max: 90, noNaN: true })),
            ints([rows], fc.integer({ min: 0, max: vocab - 1 })),
            floats([rows], tameFloat),
          ),
          choice: fc.constant(undefined),
        }),
      ),
      (_, logits, labels, upstream) => {
        if (tf.getBackend() === "cpu") {
          const gradient = tf.grad((x) => tf.sum(tf.mul(composed(x, labels), upstream)))(logits);
          return [composed(logits, labels), gradient];
        }
        const [nats, logProbs] = run("SparseCrossEntropy", { logits, labels }) as tf.Tensor[];
        return [nats, run("SparseCrossEntropyGrad", { upstream, logProbs, labels }) as tf.Tensor];
      },
    ));
});

describe("the layers of an encoder", () => {
  it("layer normalisation, its statistics and its gradients", () =>
    agree(
      fc.tuple(anyShape({ min: 1, maxRank: 2 }), fc.integer({ min: 2, max: 40 })).chain(([leading, hidden]) =>
        fc.record({
          samples: fc.tuple(
            floats([...leading, hidden], tameFloat),
            floats([hidden], tameFloat),
            floats([hidden], tameFloat),
            floats([...leading, hidden], tameFloat),
          ),
          choice: fc.constantFrom(1, 100), // small beside it, a variance has no digits to compare
        }),
      ),
      (epsilon, x, scale, offset, upstream) => {
        if (tf.getBackend() === "cpu") {
          const mean = tf.mean(x, -1, true);
          const centre = (at: tf.Tensor) => tf.sub(at, tf.mean(at, -1, true));
          const deviation = (at: tf.Tensor) =>
            tf.sqrt(tf.add(tf.mean(tf.square(centre(at)), -1, true), epsilon));
          const norm = (at: tf.Tensor, scaleAt: tf.Tensor, offsetAt: tf.Tensor) =>
            tf.add(tf.mul(tf.div(centre(at), deviation(at)), scaleAt), offsetAt);
          const gradients = tf.grads(norm)([x, scale, offset], upstream);
          return [norm(x, scale, offset), mean, tf.div(1, deviation(x)), ...gradients];
        }
        const outputs = run("LayerNorm", { x, scale, offset }, { epsilon }) as tf.Tensor[];
        const [, mean, inverseDeviation] = outputs;
        const gradients = run("LayerNormGrad", { upstream, x, scale, mean, inverseDeviation }) as tf.Tensor[];
        return [...outputs, ...gradients];
      },
      { relative: 1e-4, absolute: 2e-4 }, // sums over 40 of products of four numbers up to 10
    ));

  it("layer normalisation whose statistics nobody reads", () =>
    agree(
      fc.integer({ min: 2, max: 40 }).chain((hidden) =>
        fc.record({
          samples: fc.tuple(floats([3, hidden], tameFloat), floats([hidden], tameFloat)),
          choice: fc.constant(1),
        }),
      ),
      (epsilon, x, scale) => {
        if (tf.getBackend() !== "cpu") {
          const [value, ...statistics] = run(
            "LayerNorm",
            { x, scale, offset: scale },
            { epsilon },
          ) as tf.Tensor[];
          tf.dispose(statistics);
          return value;
        }
        const { mean, variance } = tf.moments(x, -1, true);
        const normalised = tf.div(tf.sub(x, mean), tf.sqrt(tf.add(variance, epsilon)));
        return tf.add(tf.mul(normalised, scale), scale);
      },
    ));

  it("the gradient of the exact GELU, far out included", () =>
    agree(
      anyShape({ min: 1, maxRank: 3 }).chain((shape) =>
        fc.record({
          samples: fc.tuple(
            floats(shape, fc.float({ min: -40, max: 40, noNaN: true })),
            floats(shape, tameFloat),
          ),
          choice: fc.constant(undefined),
        }),
      ),
      (_, x, upstream) => {
        if (tf.getBackend() !== "cpu") return run("GeluGrad", { upstream, x });
        const phi = tf.mul(tf.add(tf.erf(tf.mul(x, Math.SQRT1_2)), 1), 0.5);
        const density = tf.mul(tf.exp(tf.mul(tf.square(x), -0.5)), 1 / Math.sqrt(2 * Math.PI));
        return tf.mul(upstream, tf.add(phi, tf.mul(x, density)));
      },
    ));
});
