import * as tf from "@tensorflow/tfjs-core";
import { beforeEach, describe, expect, it } from "vitest";
import { installOnnxBackend } from "./install-onnx-backend.js";
import type { OnnxBackend } from "./onnx-backend.js";
import { nodeRuntime } from "./runtime/node-runtime.js";

let backend: OnnxBackend;
beforeEach(async () => {
  tf.disposeVariables();
  backend = await installOnnxBackend({ threads: 1 });
});

const normal = (shape: number[], seed: number) => tf.randomNormal(shape, 0, 0.3, "float32", seed);

/** Alone on its values, as the weights of a model are. */
const variable = (shape: number[], seed: number) => {
  const initial = normal(shape, seed);
  const made = tf.variable(initial);
  initial.dispose();
  return made;
};

/** An embedding whose table is the head's as well, attention in heads, and rows that are chosen before the head. */
function encoder() {
  const [vocab, hidden, heads] = [31, 24, 3];
  const shapes = [[vocab, hidden], [hidden, hidden], [hidden, hidden], [hidden, hidden], [hidden]];
  const weights = shapes.map(variable);
  const [table, query, key, value, bias] = weights as tf.Tensor[];
  const logits = async (batch: number, seq: number, positions: number) => {
    const result = tf.tidy(() => {
      const rows = batch * seq;
      const ids = Int32Array.from({ length: rows }, (_, place) => (place * 5) % vocab);
      const x = tf.gather(table, tf.tensor1d(ids, "int32")) as tf.Tensor2D; // [rows, hidden]
      const split = (weight: tf.Tensor) => {
        const y = tf.add(tf.matMul(x, weight as tf.Tensor2D, false, true), bias);
        return tf.transpose(tf.reshape(y, [batch, seq, heads, hidden / heads]), [0, 2, 1, 3]);
      };
      const blocked = Float32Array.from(ids, (id) => (id === 5 ? -1e9 : 0));
      const scores = tf.add(
        tf.matMul(split(query), split(key), false, true),
        tf.tensor(blocked, [batch, 1, 1, seq]),
      );
      const mixed = tf.transpose(tf.matMul(tf.softmax(scores), split(value)), [0, 2, 1, 3]);
      const chosen = Int32Array.from({ length: positions }, (_, place) => (place * 7) % rows);
      const joined = tf.gather(tf.reshape(mixed, [rows, hidden]), tf.tensor1d(chosen, "int32"));
      return tf.matMul(joined as tf.Tensor2D, table as tf.Tensor2D, false, true);
    });
    const values = Array.from(await result.data());
    result.dispose();
    return values;
  };
  return { weights, logits };
}

const sizes: readonly [number, number, number][] = [
  [1, 8, 8],
  [1, 8, 5],
  [1, 12, 12],
  [3, 8, 2],
  [2, 16, 31],
  [5, 3, 4],
];

function expectClose(found: readonly number[][], expected: readonly number[][], digits: number): void {
  found.forEach((values, place) => {
    values.forEach((value, index) => {
      expect(value).toBeCloseTo(expected[place][index], digits);
    });
  });
}

describe.each([true, false])("frozen variables on a runtime that answers at once: %s", (synchronous) => {
  beforeEach(async () => {
    tf.disposeVariables();
    backend = await installOnnxBackend({ threads: 1, runtime: nodeRuntime({ synchronous }) });
  });

  it("are held by one graph for all sizes, which gives the answers of many", async () => {
    const { weights, logits } = encoder();
    const answers = async () => {
      const found: number[][] = [];
      for (const size of sizes) found.push(await logits(...size));
      return found;
    };
    const expected = await answers();
    const { compilations } = backend.statistics();
    expect(compilations).toBe(sizes.length);
    await backend.freeze(weights);
    expectClose(await answers(), expected, 4);
    expectClose(await answers(), expected, 4);
    // One for fixed sizes, then one for each kind of size that is opened: positions, length, batch.
    expect(backend.statistics().compilations - compilations).toBeLessThanOrEqual(4);
    expect(backend.statistics().graphs - compilations).toBeLessThanOrEqual(2); // a batch of one is another program
  });

  it("give the right answers where sizes of one come between, whose numbers may be constants of their graphs", async () => {
    const { weights, logits } = encoder();
    const small: [number, number, number][] = [1, 2, 3].flatMap((seq) =>
      [1, 2].map((positions): [number, number, number] => [1, seq, Math.min(seq, positions)]),
    );
    const orders = [[...small].reverse(), small];
    const expected = new Map<string, number[]>();
    for (const size of small) expected.set(size.join(), await logits(...size));
    await backend.freeze(weights);
    for (const size of orders.flat()) expectClose([await logits(...size)], [expected.get(size.join())!], 4);
  });

  it("are read with and without what came before the end, at any size", async () => {
    const [first, second] = [variable([4, 6], 1), variable([6, 3], 2)] as tf.Tensor[] as tf.Tensor2D[];
    const inputs = [2, 3, 5].map((rows) => normal([rows, 4], rows) as tf.Tensor2D);
    const run = async (x: tf.Tensor2D, keepsMiddle: boolean) => {
      const [middle, end] = tf.tidy(() => {
        const made = tf.matMul(x, first);
        return [keepsMiddle ? made : tf.scalar(0), tf.matMul(made, second)];
      });
      const values = [...(await end.data()), ...(await middle.data())];
      tf.dispose([middle, end]);
      return values;
    };
    const asked = inputs.flatMap((x) => [true, false].map((keeps): [tf.Tensor2D, boolean] => [x, keeps]));
    const expected: number[][] = [];
    for (const [x, keeps] of asked) expected.push(await run(x, keeps));
    await backend.freeze([first, second] as tf.Tensor[] as tf.Variable[]);
    for (const places of [
      [0, 3, 4, 1, 2, 5],
      [5, 2, 1, 4, 3, 0],
    ]) {
      for (const place of places) expectClose([await run(...asked[place])], [expected[place]], 4);
    }
  });

  it("free their graphs when they are disposed of or have a new value", async () => {
    const { weights, logits } = encoder();
    await backend.freeze(weights);
    await logits(1, 8, 8);
    await logits(1, 9, 3);
    expect(backend.statistics().graphs).toBe(1);
    weights[1].assign(tf.mul(weights[1], 2));
    await backend.flush();
    expect(backend.statistics().graphs).toBe(1); // that of the product
    await logits(1, 8, 8);
    expect(backend.statistics().graphs).toBe(2);
    tf.dispose(weights);
    await backend.flush();
    expect(backend.statistics()).toMatchObject({ graphs: 1 });
    expect(backend.statistics().graphBytes).toBeLessThan(20_000);
  });
});

describe("frozen variables", () => {
  it("are in one graph whatever is done with the results, which have graphs of their own", async () => {
    const weight = variable([4, 5], 1) as tf.Tensor as tf.Tensor2D;
    await backend.freeze([weight as tf.Tensor as tf.Variable]);
    const product = () => tf.tidy(() => tf.matMul(tf.fill([3, 4], 0.5), weight));
    const same = product();
    await same.data();
    const before = backend.statistics();
    const uses = [tf.sum, tf.softmax, tf.neg, (x: tf.Tensor) => tf.slice(x, [1, 0], [2, 5])];
    for (const use of uses) {
      const used = tf.tidy(() => use(product()));
      expectClose([Array.from(await used.data())], [Array.from(await use(same).data())], 5);
    }
    const { compilations, runs } = backend.statistics();
    expect(compilations - before.compilations).toBe(uses.length); // none for the product
    expect(runs - before.runs).toBe(3 * uses.length); // the product, what follows, and that again
  });

  it("that fail, or what follows them, lose no more than that", async () => {
    const weight = variable([4, 4], 1) as tf.Tensor as tf.Tensor2D;
    const bad = () => tf.mul(tf.tensor1d([9], "int32"), tf.scalar(1, "int32")) as tf.Tensor1D;
    await backend.freeze([weight as tf.Tensor as tf.Variable]);
    const product = tf.matMul(tf.ones([2, 4]) as tf.Tensor2D, weight);
    const after = tf.gather(product, bad());
    const fine = tf.add(product, 1);
    await expect(after.data()).rejects.toMatchObject({ code: "INDEX_OUT_OF_RANGE" });
    expect(fine.dataSync()[0]).toBeCloseTo(product.dataSync()[0] + 1, 5);
    const lost = tf.matMul(tf.gather(weight, bad()) as tf.Tensor2D, weight);
    const further = tf.add(lost, 1);
    await expect(further.data()).rejects.toMatchObject({ code: "INDEX_OUT_OF_RANGE" });
    await expect(lost.data()).rejects.toMatchObject({ code: "INDEX_OUT_OF_RANGE" });
  });

  it("give the same answers, and their new values once they are assigned to", async () => {
    const weight = variable([16, 16], 1);
    const x = normal([4, 16], 2) as tf.Tensor2D;
    const answer = () => tf.tidy(() => Array.from(tf.matMul(x, weight as tf.Tensor2D).dataSync()));
    const before = answer();
    await backend.freeze([weight]);
    expectClose([answer()], [before], 5);
    weight.assign(tf.mul(weight, 2));
    expectClose([answer()], [before.map((value) => 2 * value)], 4);
  });

  it("have graphs of their own where a size is more than a shape", async () => {
    const weight = variable([4, 4], 1);
    await backend.freeze([weight]);
    for (const rows of [3, 5, 7, 5, 3]) {
      const x = tf.ones([rows, 4]) as tf.Tensor2D;
      const mean = tf.mean(tf.matMul(x, weight as tf.Tensor2D)); // divides by rows * 4
      expect(mean.dataSync()[0]).toBeCloseTo(tf.mean(tf.sum(weight, 0)).dataSync()[0], 5);
    }
  });

  it("take numbers that change as inputs, for all sizes at once", async () => {
    const weight = variable([4, 4], 1);
    await backend.freeze([weight]);
    const scaled = (rows: number, factor: number) =>
      tf.tidy(() => tf.mul(tf.matMul(tf.fill([rows, 4], 1), weight as tf.Tensor2D), factor).dataSync()[0]);
    const one = scaled(2, 1);
    for (const [rows, factor] of [
      [3, 1],
      [2, 5],
      [3, 7],
      [4, 9],
      [2, 1],
    ]) {
      expect(scaled(rows, factor)).toBeCloseTo(one * factor, 4);
    }
  });

  it("are in memory once for three shapes", async () => {
    const bytes = 128 * 2 ** 20;
    const weight = tf.variable(tf.fill([4096, bytes / 4 / 4096], 0.5));
    await backend.freeze([weight]);
    const residentAfter = (rows: number) => {
      tf.tidy(() => tf.matMul(tf.ones([rows, 4096]) as tf.Tensor2D, weight as tf.Tensor2D).dataSync());
      return process.memoryUsage().rss;
    };
    const first = residentAfter(2);
    for (const rows of [3, 4, 5]) residentAfter(rows);
    expect(residentAfter(2) - first).toBeLessThan(bytes); // three more copies would be 3 * bytes
    expect(backend.statistics()).toMatchObject({ graphs: 1 });
    expect(backend.statistics().graphBytes).toBeLessThan(1.5 * bytes);
  });
});

describe("weights of 8 bits", () => {
  const spread = (values: readonly number[]) =>
    Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length);

  it("give nearly the same answers for all sizes, from one graph and no floats", async () => {
    const { weights, logits } = encoder();
    const expected: number[][] = [];
    for (const size of sizes) expected.push(await logits(...size));
    await backend.freeze(weights, { dtype: "q8" });
    for (const [place, size] of sizes.entries()) {
      const found = await logits(...size);
      const error = found.map((value, index) => value - expected[place][index]);
      expect(spread(error) / spread(expected[place])).toBeLessThan(0.03);
      expect(spread(error)).toBeGreaterThan(0);
    }
  });

  it("give a row the same answer whatever the other rows are", async () => {
    const weight = variable([64, 32], 1);
    const x = normal([5, 64], 2) as tf.Tensor2D;
    const outlier = tf.concat([x, tf.fill([1, 64], 1000)]) as tf.Tensor2D;
    const product = (rows: tf.Tensor2D) =>
      tf.tidy(() => tf.slice(tf.matMul(rows, weight as tf.Tensor2D), [0, 0], [5, 32]).dataSync());
    await backend.freeze([weight], { dtype: "q8" });
    expect(product(outlier)).toEqual(product(x));
  });

  it.each([false, true])(
    "are within half a step of the weight, and are what is read; transposed: %s",
    async (transpose) => {
      const [inner, columns] = [40, 6];
      const weight = variable(transpose ? [columns, inner] : [inner, columns], 3);
      const before = weight.arraySync() as number[][];
      await backend.freeze([weight], { dtype: "q8" });
      const identity = tf.eye(inner);
      const product = tf.matMul(identity, weight as tf.Tensor2D, false, transpose).arraySync() as number[][];
      const after = weight.arraySync() as number[][];
      for (let column = 0; column < columns; column++) {
        const at = (table: number[][], k: number) => (transpose ? table[column][k] : table[k][column]);
        const rows = [...Array(inner).keys()];
        const largest = Math.max(...rows.map((k) => Math.abs(at(before, k))));
        for (const k of rows) {
          expect(Math.abs(at(after, k) - at(before, k))).toBeLessThanOrEqual((largest / 63) * 0.5001);
          expect(product[k][column]).toBeCloseTo(at(after, k), 5);
        }
      }
    },
  );

  it("multiply rows and columns of zeros to zero, and leave weights that are not finite alone", async () => {
    const zeros = tf.variable(tf.tensor2d([0, 2, 0, 2], [2, 2]));
    const infinite = tf.variable(tf.tensor2d([Number.POSITIVE_INFINITY, 1, 1, 1], [2, 2]));
    await backend.freeze([zeros, infinite], { dtype: "q8" });
    const x = tf.tensor2d([0, 0, 1, 1], [2, 2]);
    const [first, second] = tf.matMul(x, zeros as tf.Tensor2D).arraySync() as number[][];
    expect(first).toEqual([0, 0]);
    expect(second[0]).toBe(0);
    expect(second[1]).toBeCloseTo(4, 4);
    expect(Array.from(tf.matMul(x, infinite as tf.Tensor2D).dataSync()).slice(2)).toEqual([
      Number.POSITIVE_INFINITY,
      2,
    ]);
  });

  it("are an error where their kind is unknown", async () => {
    const freezing = backend.freeze([variable([2, 2], 1)], { dtype: "q4" as "q8" });
    await expect(freezing).rejects.toThrow(/expected a dtype of fp32, q8, got q4.*OPTION_INVALID/);
  });
});
