import "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";
import { installOnnxBackend } from "@textdiffusion/tfjs-backend-onnx";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { outcomesOn } from "./agreement.js";
import { anyShape, bools, floats, ints, ofAnyType } from "./arbitraries.js";
import { agree, size, sums } from "./properties.js";

beforeAll(async () => {
  await installOnnxBackend({ threads: 1, warn: () => {} }); // every sample has a new shape
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
      strided((sizes) => !sizes.includes(0)),
      (choice, x) => stridedSlice(x, choice),
      sums,
      80,
    ));
  // Not beside cpu: it takes a step count below zero for a size, so it throws or has all up to the end.
  it("strided slices whose ends cross are empty", () =>
    fc.assert(
      fc.asyncProperty(
        strided((sizes) => sizes.includes(0)),
        async ({ samples, choice }) => {
          const [found] = await outcomesOn("onnx", samples, (x) => stridedSlice(x, choice));
          expect(found).toEqual({
            shape: sizesOf(samples[0].shape, choice),
            dtype: samples[0].dtype,
            values: [],
          });
        },
      ),
      { numRuns: 80 },
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

// --- internal ---

interface Strides {
  readonly begin: number[];
  readonly end: number[];
  readonly strides: number[];
  readonly beginMask: number;
  readonly endMask: number;
}

function stridedSlice(x: tf.Tensor, { begin, end, strides, beginMask, endMask }: Strides): tf.Tensor {
  return tf.stridedSlice(x, begin, end, strides, beginMask, endMask);
}

/** Tensors and steps through them whose result has the wanted sizes. */
function strided(wanted: (sizes: readonly number[]) => boolean) {
  return anyShape({ minRank: 1, min: 1 })
    .chain((shape) =>
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
    )
    .filter(({ samples, choice }) => wanted(sizesOf(samples[0].shape, choice)));
}

/** How many places steps from `begin` to before `end` meet on each axis, by counting them. */
function sizesOf(shape: readonly number[], { begin, end, strides, beginMask, endMask }: Strides): number[] {
  return shape.map((length, axis) => {
    const stride = strides[axis];
    const fromFront = (place: number) => (place < 0 ? place + length : place);
    const open = (mask: number) => ((mask >> axis) & 1) === 1;
    const first = open(beginMask) ? (stride > 0 ? 0 : length - 1) : fromFront(begin[axis]);
    const last = open(endMask) ? (stride > 0 ? length : -1) : fromFront(end[axis]);
    let count = 0;
    for (let place = first; stride > 0 ? place < last : place > last; place += stride) count++;
    return count;
  });
}
