import "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";
import { installOnnxBackend } from "@textdiffusion/tfjs-backend-onnx";
import fc from "fast-check";
import { beforeAll, describe, it } from "vitest";
import { anyShape, floats, ints, tameFloat } from "./arbitraries.js";
import { agree, size, sums } from "./properties.js";

beforeAll(async () => {
  await installOnnxBackend({ threads: 1, warn: () => {} }); // every sample has a new shape
});

describe("matrix products agree with cpu", () => {
  const factors = fc
    .record({
      batchA: fc.array(size(1), { maxLength: 2 }),
      ones: fc.boolean(),
      rows: size(),
      inner: size(),
      columns: size(),
      transposeA: fc.boolean(),
      transposeB: fc.boolean(),
      integers: fc.boolean(),
    })
    .chain(({ batchA, ones, rows, inner, columns, transposeA, transposeB, integers }) => {
      const batchB = ones ? batchA.map(() => 1) : batchA;
      const a = [...batchA, ...(transposeA ? [inner, rows] : [rows, inner])];
      const b = [...batchB, ...(transposeB ? [columns, inner] : [inner, columns])];
      const sample = (shape: number[]) =>
        integers ? ints(shape, fc.integer({ min: -99, max: 99 })) : floats(shape, tameFloat);
      return fc.record({
        samples: fc.tuple(sample(a), sample(b)),
        choice: fc.constant({ transposeA, transposeB }),
      });
    });
  it("of every rank, transposed or not, of floats and integers, of nothing", () =>
    agree(factors, ({ transposeA, transposeB }, a, b) => tf.matMul(a, b, transposeA, transposeB), sums, 80));

  it("with bias and activation", () =>
    agree(
      fc.record({
        samples: fc.tuple(floats([3, 4], tameFloat), floats([4, 2], tameFloat), floats([2], tameFloat)),
        choice: fc.constantFrom(
          "linear",
          "relu",
          "relu6",
          "elu",
          "sigmoid",
          "leakyrelu",
        ) as fc.Arbitrary<tf.fused.Activation>,
      }),
      (activation, a, b, bias) =>
        tf.fused.matMul({ a: a as tf.Tensor2D, b: b as tf.Tensor2D, bias, activation }),
    ));

  it("einsum", () =>
    agree(
      fc.record({
        samples: fc.tuple(floats([2, 3, 4], tameFloat), floats([2, 4, 3], tameFloat)),
        choice: fc.constantFrom("bij,bjk->bik", "bij,bjk->ki", "bij,bji->b", "bij,bjk->"),
      }),
      (equation, a, b) => tf.einsum(equation, a, b),
    ));
});

describe("normalisations agree with cpu", () => {
  it("softmax and logSoftmax, minus infinity among the logits included", () =>
    agree(
      anyShape({ minRank: 1, min: 1 }).chain((shape) =>
        fc.record({
          samples: fc.tuple(
            floats(
              shape,
              fc.oneof(tameFloat, fc.constantFrom(Math.fround(1e4), Number.NEGATIVE_INFINITY)),
            ).map((sample) => ({
              ...sample, // a row of nothing but minus infinity has no distribution
              values: sample.values.map((value, place) =>
                place % shape[shape.length - 1] === 0 ? 1 : value,
              ),
            })),
          ),
          choice: fc.constant(undefined),
        }),
      ),
      (_, x) => [tf.softmax(x), tf.logSoftmax(x)],
    ));
  it("batchNorm and local response normalisation", () =>
    agree(
      fc.record({
        samples: fc.tuple(
          floats([2, 2, 2, 3], tameFloat),
          floats([3], tameFloat),
          floats([3], fc.float({ min: Math.fround(0.1), max: 3, noNaN: true })),
          floats([3], tameFloat),
        ),
        choice: fc.constant(undefined),
      }),
      (_, x, mean, variance, scale) => [
        tf.batchNorm(
          x,
          mean as tf.Tensor1D,
          variance as tf.Tensor1D,
          scale as tf.Tensor1D,
          scale as tf.Tensor1D,
        ),
        tf.batchNorm(x, mean as tf.Tensor1D, variance as tf.Tensor1D),
        tf.localResponseNormalization(x as tf.Tensor4D, 1, 1, 0.5, 0.75),
      ],
    ));
});
