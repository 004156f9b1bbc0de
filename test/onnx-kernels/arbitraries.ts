import fc from "fast-check";
import type { Sample } from "./agreement.js";

/** Floats of all kinds: ordinary, halves (which rounding must treat alike), huge, tiny, not numbers at all. */
export const anyFloat = fc.oneof(
  { weight: 8, arbitrary: fc.float({ min: -20, max: 20, noNaN: true }) },
  { weight: 2, arbitrary: fc.integer({ min: -9, max: 9 }).map((twice) => twice / 2) },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      0,
      Number.NaN,
      Number.POSITIVE_INFINITY,
      Number.NEGATIVE_INFINITY,
      Math.fround(3e38),
      Math.fround(-3e38),
      Math.fround(1e-30),
      Math.fround(-1e-5),
    ),
  },
);

/** Floats with which sums and products stay accurate. */
export const tameFloat = fc
  .float({ min: -4, max: 4, noNaN: true })
  .map((value) => (Math.abs(value) < 1e-6 ? 0 : value));

export const anyInt = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: -20, max: 20 }) },
  { weight: 1, arbitrary: fc.constantFrom(2 ** 31 - 1, -(2 ** 31), 65536, -65537) },
);

export const anyShape = (options: { min?: number; maxRank?: number; minRank?: number } = {}) =>
  fc.array(fc.integer({ min: options.min ?? 0, max: 4 }), {
    minLength: options.minRank ?? 0,
    maxLength: options.maxRank ?? 4,
  });

export function sampleOf(
  shape: readonly number[],
  dtype: Sample["dtype"],
  value: fc.Arbitrary<number>,
): fc.Arbitrary<Sample> {
  const size = shape.reduce((product, length) => product * length, 1);
  return fc.array(value, { minLength: size, maxLength: size }).map((values) => ({ shape, dtype, values }));
}

export const floats = (shape: readonly number[], value = anyFloat) => sampleOf(shape, "float32", value);
export const ints = (shape: readonly number[], value = anyInt) => sampleOf(shape, "int32", value);
export const bools = (shape: readonly number[]) => sampleOf(shape, "bool", fc.integer({ min: 0, max: 1 }));

export const ofAnyType = (shape: readonly number[]): fc.Arbitrary<Sample> =>
  fc.oneof(floats(shape), ints(shape), bools(shape));

/** Two shapes that broadcast: axes of the second are dropped from the front or set to 1, and the pair may be turned. */
export const broadcastingShapes = (min = 0) =>
  anyShape({ min }).chain((shape) =>
    fc
      .tuple(
        fc.integer({ min: 0, max: shape.length }),
        fc.array(fc.boolean(), { minLength: shape.length, maxLength: shape.length }),
        fc.boolean(),
      )
      .map(([dropped, ones, turn]) => {
        const other = shape.map((size, axis) => (ones[axis] ? 1 : size)).slice(dropped);
        return (turn ? [other, shape] : [shape, other]) as [number[], number[]];
      }),
  );
