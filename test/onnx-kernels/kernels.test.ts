import "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";
import { installOnnxBackend, OnnxBackendError } from "@textdiffusion/tfjs-backend-onnx";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { expectAgreement, type Sample } from "./agreement.js";
import { anyFloat, anyShape, bools, floats, ints, ofAnyType, tameFloat } from "./arbitraries.js";

beforeAll(async () => {
  await installOnnxBackend({ threads: 1, warn: () => {} }); // every sample has a new shape
});

const sums = { relative: 1e-5, absolute: 1e-5 };
const size = (min = 0) => fc.integer({ min, max: 4 });

/** Checks a property of some samples and of numbers that say what to do with them. */
function agree<Choice>(
  samples: fc.Arbitrary<{ samples: Sample[]; choice: Choice }>,
  operation: (choice: Choice, ...inputs: tf.Tensor[]) => tf.Tensor | tf.Tensor[],
  tolerance = sums,
  numRuns = 40,
) {
  return fc.assert(
    fc.asyncProperty(samples, ({ samples: inputs, choice }) =>
      expectAgreement(inputs, (...tensors) => operation(choice, ...tensors), tolerance),
    ),
    { numRuns },
  );
}

/** A tensor and some of its axes, from the front or from the back. */
const withAxes = (sample: (shape: readonly number[]) => fc.Arbitrary<Sample>, min = 0) =>
  anyShape({ min }).chain((shape) =>
    fc.record({
      samples: fc.tuple(sample(shape)),
      choice: fc.record({
        axes: fc
          .subarray(shape.map((_, axis) => axis))
          .map((axes) => axes.map((axis, place) => (place % 2 ? axis - shape.length : axis))),
        keepDims: fc.boolean(),
      }),
    }),
  );

/** A tensor of at least one axis, and one of them. */
const withAxis = (sample: (shape: readonly number[]) => fc.Arbitrary<Sample>, min = 0) =>
  anyShape({ minRank: 1, min }).chain((shape) =>
    fc.record({
      samples: fc.tuple(sample(shape)),
      choice: fc.integer({ min: 0, max: shape.length - 1 }),
    }),
  );

describe("reductions agree with cpu", () => {
  it("sum and mean of floats", () =>
    agree(
      withAxes((shape) => floats(shape, tameFloat)),
      ({ axes, keepDims }, x) => [tf.sum(x, axes, keepDims), tf.mean(x, axes, keepDims)],
    ));
  it("sums of integers wrap around", () =>
    agree(
      withAxes((shape) => ints(shape)),
      ({ axes, keepDims }, x) => tf.sum(x, axes, keepDims),
    ));
  it("sum, mean and prod of integers", () =>
    agree(
      withAxes((shape) => ints(shape, fc.integer({ min: -9, max: 9 }))),
      ({ axes, keepDims }, x) => [
        tf.sum(x, axes, keepDims),
        tf.mean(x, axes, keepDims),
        tf.prod(x, axes, keepDims),
      ],
    ));
  it("max and min, NaN and infinities included", () =>
    agree(
      anyShape({ minRank: 1, min: 1 }).chain((shape) =>
        fc.record({
          // NaN and infinities of both signs in one row are told wrongly; see the kernel.
          samples: fc.tuple(
            fc.oneof(
              floats(
                shape,
                anyFloat.filter((value) => value !== Number.NEGATIVE_INFINITY),
              ),
              floats(
                shape,
                anyFloat.filter((value) => !Number.isNaN(value)),
              ),
              ints(shape),
            ),
          ),
          choice: fc.subarray(
            shape.map((_, axis) => axis),
            { minLength: 1 },
          ),
        }),
      ),
      (axes, x) => [tf.max(x, axes), tf.min(x, axes, true)],
    ));
  it("sums of truth values, all and any", () =>
    agree(withAxes(bools, 1), ({ axes, keepDims }, x) => [
      tf.sum(x, axes, keepDims),
      tf.all(x, axes, keepDims),
      tf.any(x, axes, keepDims),
    ]));
  it("argMax and argMin, which pass over NaN and take the first of equals", () =>
    agree(
      withAxis(
        (shape) => fc.oneof(floats(shape, fc.constantFrom(1, 2, 3, Number.POSITIVE_INFINITY)), ints(shape)),
        1,
      ),
      (axis, x) => [tf.argMax(x, axis), tf.argMin(x, axis)],
    ));
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

describe("shapes agree with cpu", () => {
  const shaped = anyShape({ minRank: 1, min: 1 });
  it("transpose", () =>
    agree(
      anyShape().chain((shape) =>
        fc.record({
          samples: fc.tuple(ofAnyType(shape)),
          choice: fc.shuffledSubarray(
            shape.map((_, axis) => axis),
            { minLength: shape.length },
          ),
        }),
      ),
      (perm, x) => tf.transpose(x, perm),
    ));
  it("slice, and what a gradient makes of it: pad", () =>
    agree(
      shaped.chain((shape) =>
        fc.record({
          samples: fc.tuple(ofAnyType(shape)),
          choice: fc.tuple(
            ...shape.map((length) =>
              fc
                .integer({ min: 0, max: length })
                .chain((begin) => fc.tuple(fc.constant(begin), fc.integer({ min: 0, max: length - begin }))),
            ),
          ),
        }),
      ),
      (box, x) => [
        tf.slice(
          x,
          box.map(([begin]) => begin),
          box.map(([, length]) => length),
        ),
        tf.pad(x, box as [number, number][], 1),
      ],
    ));
  it("strided slices, backwards too", () =>
    agree(
      shaped.chain((shape) =>
        fc.record({
          samples: fc.tuple(ofAnyType(shape)),
          choice: fc.record({
            begin: fc.tuple(...shape.map((length) => fc.integer({ min: -length, max: length - 1 }))),
            end: fc.tuple(...shape.map((length) => fc.integer({ min: -length, max: length }))),
            strides: fc.tuple(...shape.map(() => fc.constantFrom(1, 2, 3, -1, -2))),
            beginMask: fc.integer({ min: 0, max: 3 }),
            endMask: fc.integer({ min: 0, max: 3 }),
          }),
        }),
      ),
      ({ begin, end, strides, beginMask, endMask }, x) =>
        tf.stridedSlice(x, begin, end, strides, beginMask, endMask),
      sums,
      80,
    ));
  it("concat, split, stack and unstack", () =>
    agree(
      anyShape({ minRank: 1, min: 1 }).chain((shape) =>
        fc.integer({ min: 0, max: shape.length - 1 }).chain((axis) =>
          fc.record({
            samples: fc
              .tuple(size(), fc.constantFrom(floats, ints, bools) as fc.Arbitrary<typeof bools>)
              .chain(([other, sample]) =>
                fc.tuple(sample(shape), sample(shape.with(axis, other)), sample(shape)),
              ),
            choice: fc.constant(axis),
          }),
        ),
      ),
      (axis, a, b, c) => {
        const joined = tf.concat([a, b, c], axis);
        const parts = tf.split(
          joined,
          [a, b, c].map(({ shape }) => shape[axis]),
          axis,
        );
        const stacked = tf.stack([a, c], axis);
        return [joined, ...parts, stacked, ...tf.unstack(stacked, axis)];
      },
    ));
  it("tile, reverse, expandDims and squeeze", () =>
    agree(
      anyShape({ minRank: 1 }).chain((shape) =>
        fc.record({
          samples: fc.tuple(ofAnyType(shape)),
          choice: fc.record({
            reps: fc.tuple(...shape.map(() => fc.integer({ min: 1, max: 3 }))),
            axis: fc.integer({ min: 0, max: shape.length - 1 }),
          }),
        }),
      ),
      ({ reps, axis }, x) => [
        tf.tile(x, reps),
        tf.reverse(x, axis),
        tf.squeeze(tf.expandDims(x, axis), [axis]),
      ],
    ));
  it("mirrored padding", () =>
    agree(
      anyShape({ minRank: 1, maxRank: 3, min: 2 }).chain((shape) =>
        fc.record({
          samples: fc.tuple(floats(shape)),
          choice: fc.record({
            paddings: fc.tuple(
              ...shape.map((length) =>
                fc.tuple(fc.integer({ min: 0, max: length - 1 }), fc.integer({ min: 0, max: length - 1 })),
              ),
            ),
            mode: fc.constantFrom("reflect" as const, "symmetric" as const),
          }),
        }),
      ),
      ({ paddings, mode }, x) => tf.mirrorPad(x, paddings as [number, number][], mode),
    ));
  it("broadcastTo", () =>
    agree(
      shaped.chain((shape) =>
        fc.record({
          samples: fc.tuple(ofAnyType(shape.map((length, axis) => (axis % 2 ? 1 : length)))),
          choice: fc.constant([2, ...shape]),
        }),
      ),
      (shape, x) => tf.broadcastTo(x, [...shape]),
    ));
});

describe("indices agree with cpu", () => {
  const gathers = anyShape({ minRank: 1, min: 1 }).chain((shape) =>
    fc.integer({ min: 0, max: shape.length - 1 }).chain((axis) =>
      fc.record({
        samples: anyShape({ maxRank: 2 }).chain((indices) =>
          fc.tuple(ofAnyType(shape), ints(indices, fc.integer({ min: 0, max: shape[axis] - 1 }))),
        ),
        choice: fc.constant(axis),
      }),
    ),
  );
  it("gather", () => agree(gathers, (axis, x, indices) => tf.gather(x, indices as tf.Tensor1D, axis)));
  it("gather by indices that are computed", () =>
    agree(gathers, (axis, x, indices) =>
      tf.gather(x, tf.mul(indices, tf.scalar(1, "int32")) as tf.Tensor1D, axis),
    ));
  it("gather with batches", () =>
    agree(
      fc.record({
        samples: fc.tuple(floats([2, 3, 4, 2]), ints([2, 3], fc.integer({ min: 0, max: 2 }))),
        choice: fc.constantFrom(1, 2),
      }),
      (axis, x, indices) => tf.gather(x, indices as never, axis, 1),
    ));
  it("gatherND, scatterND with repeated places, tensorScatterUpdate", () =>
    agree(
      fc.record({
        samples: fc.tuple(
          floats([4, 3, 2], tameFloat),
          ints([5, 2], fc.integer({ min: 0, max: 2 })),
          floats([5, 2], tameFloat),
        ),
        choice: fc.constant(undefined),
      }),
      (_, x, places, updates) => [
        tf.gatherND(x, places),
        tf.scatterND(places as tf.Tensor2D, updates, [4, 3, 2]),
        tf.scatterND(tf.slice(places, [0, 0], [5, 1]) as tf.Tensor2D, updates, [300, 2]),
      ],
    ));
  it("unsortedSegmentSum, small and large tables, ids out of range left out", () =>
    agree(
      fc.tuple(fc.constantFrom(3, 400), fc.boolean()).chain(([segments, floating]) =>
        fc.record({
          samples: fc.tuple(
            floating ? floats([7, 3], tameFloat) : ints([7, 3], fc.integer({ min: -50, max: 50 })),
            ints([7], fc.integer({ min: -1, max: Math.min(segments, 9) })),
          ),
          choice: fc.constant(segments),
        }),
      ),
      (segments, x, ids) => [
        tf.unsortedSegmentSum(x, ids as tf.Tensor1D, segments),
        tf.unsortedSegmentSum(x, tf.maximum(ids, 0) as tf.Tensor1D, segments),
      ],
    ));
  it("oneHot of every type", () =>
    agree(
      fc.record({
        samples: anyShape({ maxRank: 2 }).chain((shape) =>
          fc.tuple(ints(shape, fc.integer({ min: -1, max: 5 }))),
        ),
        choice: fc.record({
          depth: fc.integer({ min: 1, max: 5 }),
          on: fc.constantFrom(1, 3),
          off: fc.constantFrom(0, -1),
          dtype: fc.constantFrom("int32" as const, "float32" as const),
        }),
      }),
      ({ depth, on, off, dtype }, indices) => tf.oneHot(indices, depth, on, off, dtype),
    ));
  it("bincount", () =>
    agree(
      fc.record({
        samples: fc.tuple(ints([6], fc.integer({ min: 0, max: 6 })), floats([6], tameFloat)),
        choice: fc.constantFrom(3, 9),
      }),
      (count, x, weights) => [
        tf.bincount(x as tf.Tensor1D, weights as tf.Tensor1D, count),
        tf.denseBincount(
          tf.reshape(x, [2, 3]) as tf.Tensor2D,
          tf.reshape(weights, [2, 3]) as tf.Tensor2D,
          count,
        ),
      ],
    ));

  it.each([3, -1])("an index of %i in a table of three is an error, known or computed", async (index) => {
    await tf.setBackend("onnx");
    const table = tf.tensor1d([1, 2, 3]);
    expect(() => tf.gather(table, tf.tensor1d([index], "int32"))).toThrow(
      expect.objectContaining({ code: "INDEX_OUT_OF_RANGE" }),
    );
    const gathered = tf.gather(
      table,
      tf.mul(tf.tensor1d([index, 0], "int32"), tf.scalar(1, "int32")) as tf.Tensor1D,
    );
    await expect(gathered.data()).rejects.toThrow(OnnxBackendError);
    await expect(gathered.data()).rejects.toThrow(
      /GatherV2\(float32 \[3\], int32 \[2\]\) -> float32 \[2\].*INDEX_OUT_OF_RANGE/,
    );
  });
});

describe("choice and order agree with cpu", () => {
  it("topk, the first of equals first", () =>
    agree(
      fc.tuple(size(1), fc.integer({ min: 1, max: 9 })).chain(([rows, width]) =>
        fc.record({
          samples: fc.tuple(
            fc.oneof(floats([rows, width], tameFloat), ints([rows, width], fc.integer({ min: 0, max: 3 }))),
          ),
          choice: fc.integer({ min: 0, max: width }),
        }),
      ),
      (k, x) => {
        const { values, indices } = tf.topk(x, k);
        return [values, indices];
      },
    ));
  it("cumsum and cumprod", () =>
    agree(
      withAxis((shape) =>
        fc.oneof(
          floats(shape, fc.float({ min: -2, max: 2, noNaN: true })),
          ints(shape, fc.integer({ min: -2, max: 2 })),
        ),
      ),
      (axis, x) => [
        tf.cumsum(x, axis),
        tf.cumsum(x, axis, true, true),
        tf.cumprod(x, axis),
        tf.cumprod(x, axis, true),
        tf.cumprod(x, axis, false, true),
      ],
    ));
  it("searchSorted, range and linspace", () =>
    agree(
      fc.record({
        samples: fc.tuple(
          floats([2, 5], tameFloat).map((sample) => ({
            ...sample,
            values: [sample.values.slice(0, 5), sample.values.slice(5)].flatMap((row) =>
              row.sort((a, b) => a - b),
            ),
          })),
          floats([2, 3], tameFloat),
        ),
        choice: fc.constantFrom("left" as const, "right" as const),
      }),
      (side, sorted, values) => [
        tf.searchSorted(sorted, values, side),
        tf.range(3, -4, -2, "int32"),
        tf.range(0, 2, 0.5),
        tf.linspace(0, 1, 7),
      ],
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

describe("the cross entropy of one label a row", () => {
  // Composed of kernels of tfjs, on the cpu backend.
  const composed = (logits: tf.Tensor, labels: tf.Tensor) =>
    tf.neg(tf.sum(tf.mul(tf.logSoftmax(logits), tf.cast(tf.oneHot(labels, logits.shape[1]!), "float32")), 1));
  const run = (name: string, inputs: Record<string, tf.Tensor>) =>
    tf.engine().runKernel(name, inputs) as tf.Tensor | tf.Tensor[];
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

describe("convolutions and pools agree with cpu", () => {
  const images = fc.record({
    samples: fc.tuple(
      floats([2, 6, 5, 4], tameFloat),
      floats([3, 2, 4, 3], tameFloat),
      floats([3, 2, 4, 2], tameFloat),
    ),
    choice: fc.record({
      strides: fc.constantFrom(1, 2),
      pad: fc.constantFrom("same" as const, "valid" as const),
    }),
  });
  it("forward", () =>
    agree(
      images,
      ({ strides, pad }, x, filter, depthwise) => [
        tf.conv2d(x as tf.Tensor4D, filter as tf.Tensor4D, strides, pad),
        tf.depthwiseConv2d(x as tf.Tensor4D, depthwise as tf.Tensor4D, strides, pad),
        tf.maxPool(x as tf.Tensor4D, 2, strides, pad),
        tf.avgPool(x as tf.Tensor4D, [3, 2], strides, pad),
      ],
      sums,
      12,
    ));
  it("gradients", () =>
    agree(
      images,
      ({ strides, pad }, x, filter, depthwise) => [
        ...tf.grads((a, b) => tf.sum(tf.square(tf.conv2d(a as tf.Tensor4D, b as tf.Tensor4D, strides, pad))))(
          [x, filter],
        ),
        ...tf.grads((a, b) =>
          tf.sum(tf.square(tf.depthwiseConv2d(a as tf.Tensor4D, b as tf.Tensor4D, strides, pad))),
        )([x, depthwise]),
        tf.grad((a) => tf.sum(tf.square(tf.maxPool(a as tf.Tensor4D, 2, strides, pad))))(x),
        tf.grad((a) => tf.sum(tf.square(tf.avgPool(a as tf.Tensor4D, 2, strides, pad))))(x),
      ],
      { relative: 1e-4, absolute: 1e-3 },
      12,
    ));
  it("blocks of space and depth", () =>
    agree(fc.record({ samples: fc.tuple(floats([4, 4, 2, 8])), choice: fc.constant(undefined) }), (_, x) => [
      tf.depthToSpace(x as tf.Tensor4D, 2),
      tf.spaceToBatchND(
        x,
        [2, 2],
        [
          [0, 0],
          [1, 1],
        ],
      ),
      tf.batchToSpaceND(
        x,
        [2, 2],
        [
          [0, 1],
          [1, 0],
        ],
      ),
    ]));
});

it("a missing kernel names itself and what to do instead", async () => {
  await tf.setBackend("onnx");
  expect(() => tf.unique(tf.tensor1d([1, 1, 2]))).toThrow(
    /got Unique\. Find the unique values on the host.*UNSUPPORTED/,
  );
  expect(() => tf.complex([1], [2])).toThrow(/got Complex/);
});

it("strings are kept and shaped, but not computed with", async () => {
  await tf.setBackend("onnx");
  const words = tf.tensor2d([["a", "b"]]);
  expect(await tf.reshape(words, [2]).data()).toEqual(["a", "b"]);
  expect(() => tf.concat([words, words])).toThrow(/got string.*UNSUPPORTED/);
});
