import type { BackendWasm } from "@tensorflow/tfjs-backend-wasm";
import * as tf from "@tensorflow/tfjs-core";
import { type Backend, Random } from "@textdiffusion/core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { startBackend } from "../create-backend.js";

let backend: Backend;
beforeAll(async () => {
  backend = await startBackend("wasm");
});
afterAll(() => backend.dispose());

const random = Random.fromSeed(3);

function filled(shape: readonly number[], label: string): Float32Array {
  return random.split(label).fillNormal(new Float32Array(shape.reduce((size, side) => size * side, 1)));
}

/** The product by its definition, in doubles. */
function product(
  a: { values: Float32Array; slices: number; transposed: boolean },
  b: { values: Float32Array; slices: number; transposed: boolean },
  m: number,
  k: number,
  n: number,
): number[] {
  const result: number[] = [];
  for (let slice = 0; slice < Math.max(a.slices, b.slices); slice++) {
    const ofA = (slice % a.slices) * m * k;
    const ofB = (slice % b.slices) * k * n;
    for (let row = 0; row < m; row++) {
      for (let column = 0; column < n; column++) {
        let sum = 0;
        for (let inner = 0; inner < k; inner++) {
          const left = a.values[ofA + (a.transposed ? inner * m + row : row * k + inner)];
          const right = b.values[ofB + (b.transposed ? column * k + inner : inner * n + column)];
          sum += left * right;
        }
        result.push(sum);
      }
    }
  }
  return result;
}

const sizes = [
  [5, 7, 3], // stays with tfjs
  [33, 17, 40], // past the tiles, and not multiples of them
  [2, 30, 200], // turns the product around when b is transposed
  [200, 30, 2],
  [16, 17, 16], // just above those that stay with tfjs
] as const;
const batches: [number[], number[]][] = [
  [[], []],
  [[3], [3]],
  [
    [2, 3],
    [2, 3],
  ],
  [[3], [1]],
  [[1], [3]],
];

it.each(batches)("agrees with the definition for batches %j and %j", async (batchA, batchB) => {
  for (const [m, k, n] of sizes) {
    for (const [transposeA, transposeB] of [
      [false, false],
      [false, true],
      [true, false],
      [true, true],
    ]) {
      const shapeA = [...batchA, ...(transposeA ? [k, m] : [m, k])];
      const shapeB = [...batchB, ...(transposeB ? [n, k] : [k, n])];
      const a = filled(shapeA, "a");
      const b = filled(shapeB, "b");
      const before = backend.memory();
      const result = tf.tidy(() =>
        tf.matMul(tf.tensor(a, shapeA), tf.tensor(b, shapeB), transposeA, transposeB),
      );
      const expected = product(
        { values: a, slices: a.length / (m * k), transposed: transposeA },
        { values: b, slices: b.length / (k * n), transposed: transposeB },
        m,
        k,
        n,
      );
      expect(result.shape.slice(-2)).toEqual([m, n]);
      const values = await result.data();
      expect(values.length).toBe(expected.length);
      for (const [index, value] of values.entries())
        expect(Math.abs(value - expected[index])).toBeLessThan(1e-4);
      result.dispose();
      expect(backend.memory()).toEqual(before);
    }
  }
});

it("keeps NaN and infinity visible", async () => {
  const [rows, inner, columns] = [20, 40, 20];
  const a = new Float32Array(rows * inner).fill(1);
  const b = new Float32Array(columns * inner).fill(1);
  a[3 * inner] = Number.NaN; // row 3
  b[5 * inner] = Number.POSITIVE_INFINITY; // column 5
  const result = tf.tidy(() =>
    tf.matMul(tf.tensor2d(a, [rows, inner]), tf.tensor2d(b, [columns, inner]), false, true),
  );
  const values = await result.data();
  for (const [index, value] of values.entries()) {
    const [row, column] = [Math.floor(index / columns), index % columns];
    expect(value).toBe(row === 3 ? Number.NaN : column === 5 ? Number.POSITIVE_INFINITY : inner);
  }
  result.dispose();
});

it("leaves empty products and wrong shapes to tfjs", () => {
  const empty = tf.tidy(() => tf.matMul(tf.zeros([0, 3]), tf.zeros([2, 3]), false, true));
  expect(empty.shape).toEqual([0, 2]);
  empty.dispose();
  expect(() => tf.tidy(() => tf.matMul(tf.zeros([2, 3]), tf.zeros([2, 4]), false, true))).toThrow(
    "inner shapes",
  );
});

it.each([false, true])("reads a variable anew after it is assigned (transposed: %s)", async (transposed) => {
  const x = tf.tensor2d([[1, 2]]);
  const weights = tf.tidy(() => tf.variable(tf.diag(tf.tensor1d([1, 1])), true, `weights-${transposed}`));
  const multiply = async () => {
    const result = tf.matMul(x, weights as unknown as tf.Tensor2D, false, transposed);
    const values = [...(await result.data())];
    result.dispose();
    return values;
  };
  expect(await multiply()).toEqual([1, 2]);
  tf.tidy(() =>
    weights.assign(
      tf.tensor2d([
        [3, 0],
        [0, 5],
      ]),
    ),
  );
  expect(await multiply()).toEqual([3, 10]); // XNNPACK keeps weights packed by tensor; an assigned value is another one
  tf.dispose([x, weights]);
});

it("frees the packed weights of values that are gone", () => {
  const wasm = tf.backend() as unknown as BackendWasm;
  const heapBytes = () => (wasm.wasm as unknown as { HEAPU8: Uint8Array }).HEAPU8.length;
  const x = tf.ones([4, 512]) as tf.Tensor2D;
  const weights = tf.tidy(() => tf.variable(tf.ones([512, 512]), true, "packed"));
  const step = () =>
    tf.tidy(() => {
      weights.assign(tf.add(weights, 1));
      tf.matMul(x, weights as unknown as tf.Tensor2D); // packed and kept by tfjs
      tf.matMul(x, weights as unknown as tf.Tensor2D, false, true); // ours
      tf.matMul(tf.ones([64, 8, 512]), tf.ones([64, 512, 8]));
    });
  for (let round = 0; round < 5; round++) step();
  const before = heapBytes();
  for (let round = 0; round < 100; round++) step(); // 1 MiB each: 200 MiB if they stayed
  expect(heapBytes()).toBe(before);
  tf.dispose([x, weights]);
});
