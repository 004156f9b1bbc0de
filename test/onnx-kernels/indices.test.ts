import "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";
import { installOnnxBackend, OnnxBackendError } from "@textdiffusion/tfjs-backend-onnx";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { anyShape, floats, ints, ofAnyType, tameFloat } from "./arbitraries.js";
import { agree, size, withAxis } from "./properties.js";

beforeAll(async () => {
  await installOnnxBackend({ threads: 1, warn: () => {} }); // every sample has a new shape
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
  it("unsortedSegmentSum by ids that ascend, the last one repeated as padding", () =>
    agree(
      fc
        .tuple(
          fc.integer({ min: 64, max: 80 }),
          fc.integer({ min: 0, max: 20 }),
          fc.integer({ min: 0, max: 9 }),
        )
        .map(([distinct, repeats, step]) => {
          const ids = Array.from({ length: distinct }, (_, row) => 2 * row + (row > step ? 1 : 0));
          return [...ids, ...new Array<number>(repeats).fill(ids[distinct - 1])];
        })
        .chain((ids) =>
          fc.record({
            samples: fc.tuple(
              floats([ids.length, 3], tameFloat),
              fc.constant({ shape: [ids.length], dtype: "int32" as const, values: ids }),
            ),
            choice: fc.constantFrom(0, 1, 70).map((more) => Math.max(...ids) + 1 + more),
          }),
        ),
      (segments, x, ids) => tf.unsortedSegmentSum(x, ids as tf.Tensor1D, segments),
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
