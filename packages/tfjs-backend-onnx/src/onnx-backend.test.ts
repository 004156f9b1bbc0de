import "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";
import { beforeEach, describe, expect, it } from "vitest";
import { installOnnxBackend } from "./install-onnx-backend.js";
import type { OnnxBackend } from "./onnx-backend.js";
import type { OnnxBackendOptions } from "./register-backend.js";
import { nodeRuntime } from "./runtime/node-runtime.js";

let backend: OnnxBackend;
const install = async (options: OnnxBackendOptions = {}) => {
  tf.disposeVariables();
  backend = await installOnnxBackend({ threads: 1, ...options });
};
beforeEach(() => install());

/** An operation whose failure shows only when it runs: the index is computed. */
const failing = () =>
  tf.gather(tf.tensor1d([1, 2]), tf.mul(tf.tensor1d([7], "int32"), tf.scalar(1, "int32")) as tf.Tensor1D);

describe("what runs", () => {
  it("nothing, until a value is read; then everything live, once", async () => {
    const x = tf.tensor1d([1, 2, 3]);
    const doubled = tf.mul(x, 2);
    const summed = tf.sum(doubled);
    expect(backend.statistics()).toMatchObject({ runs: 0, recorded: 2 });
    expect((await summed.data())[0]).toBe(12);
    expect(backend.statistics()).toMatchObject({ runs: 1, recorded: 0 });
    expect(Array.from(doubled.dataSync())).toEqual([2, 4, 6]);
    expect(backend.statistics().runs).toBe(1);
  });

  it("nothing that is dead and that nothing live needs", async () => {
    const kept = tf.tidy(() => {
      failing(); // would fail, were it computed
      return tf.add(tf.tensor1d([1]), 1);
    });
    expect(Array.from(await kept.data())).toEqual([2]);
  });

  it("what an unread variable took on: an update outlives the loss that was read", async () => {
    const weight = tf.variable(tf.tensor1d([1]));
    const loss = tf.tidy(() => {
      const value = tf.square(weight);
      weight.assign(tf.sub(weight, 0.25));
      return tf.sum(value);
    });
    expect((await loss.data())[0]).toBe(1);
    expect(backend.statistics()).toMatchObject({ runs: 1, recorded: 0 });
    expect(Array.from(weight.dataSync())).toEqual([0.75]);
    expect(backend.statistics().runs).toBe(1);
  });

  it("reads before an assignment see the old value, reads after it the new", () => {
    const weight = tf.variable(tf.tensor1d([2]));
    const before = tf.mul(weight, 10);
    weight.assign(tf.mul(weight, 3));
    const after = tf.mul(weight, 10);
    expect([...before.dataSync(), ...after.dataSync()]).toEqual([20, 60]);
  });

  it("an input that was disposed before the run is read all the same, and its array is not handed out before", () => {
    const x = tf.fill([2048], 1);
    const copied = tf.add(x, tf.ones([2048]));
    const view = tf.reshape(copied, [2, 1024]);
    const again = tf.mul(copied, 2);
    tf.dispose([x, copied]);
    const other = tf.tensor1d(new Float32Array(2048).fill(9));
    expect(again.dataSync()[2047]).toBe(4);
    expect(view.dataSync()[2047]).toBe(2);
    expect(other.dataSync()[0]).toBe(9);
  });

  it("the array given to tf.tensor may change afterwards", () => {
    const values = Float32Array.of(1, 2);
    const doubled = tf.mul(tf.tensor1d(values), 2);
    values.fill(100);
    expect(Array.from(doubled.dataSync())).toEqual([2, 4]);
  });

  it("arrays that were read stay as they were while their tensor is gone and others come", () => {
    const first = tf.add(tf.fill([4096], 1), tf.ones([4096]));
    const values = first.dataSync();
    first.dispose();
    for (let round = 0; round < 3; round++) {
      const next = tf.add(tf.fill([4096], round), tf.ones([4096]));
      next.dataSync();
      next.dispose();
    }
    expect(values.every((value) => value === 2)).toBe(true);
  });

  it("moves tensors to another backend and back", async () => {
    const x = tf.add(tf.tensor1d([1, 2]), 1);
    await tf.setBackend("cpu");
    const y = tf.mul(x, 2);
    await tf.setBackend("onnx");
    expect(Array.from(tf.add(y, 1).dataSync())).toEqual([5, 7]);
  });
});

describe("memory", () => {
  it("counts tensors and data as tfjs does, through tidy, keep, variables and views", () => {
    const before = { tensors: tf.memory().numTensors, data: backend.numDataIds() };
    const kept = tf.tidy(() => {
      const x = tf.add(tf.ones([4, 4]), 1);
      const view = tf.reshape(x, [16]);
      tf.softmax(tf.matMul(x, x));
      return tf.keep(tf.slice(view, 2, 3));
    });
    expect(tf.memory().numTensors).toBe(before.tensors + 1);
    expect(backend.numDataIds()).toBe(before.data + 1);
    kept.dataSync();
    kept.dispose();
    expect(tf.memory().numTensors).toBe(before.tensors);
    expect(backend.numDataIds()).toBe(before.data);
  });

  it("that disposed inputs hold never splits a step; the recording runs when new data comes", async () => {
    await install({ maxHeldBytes: 4096 });
    const inputs = [1, 2, 3, 4].map((value) => tf.tensor1d(new Float32Array(2048).fill(value)));
    const sum = inputs.reduce(
      (total, x) => {
        const next = tf.add(total, x) as tf.Tensor1D;
        tf.dispose([total, x]);
        return next;
      },
      tf.tensor1d(new Float32Array(2048)),
    );
    tf.tensor1d([1, 2]); // settings, as those of an optimizer
    expect(backend.statistics()).toMatchObject({ runs: 0, recorded: 4 });
    tf.tensor1d(new Float32Array(64)); // the data of the next step
    expect(backend.statistics()).toMatchObject({ runs: 1, recorded: 0 });
    expect(sum.dataSync()[2047]).toBe(10);
    expect(backend.statistics().runs).toBe(1);
  });

  it("is flat over the steps of an optimizer", async () => {
    const weight = tf.variable(tf.randomNormal([8, 8]));
    const optimizer = tf.train.adam(0.01);
    const counts: number[] = [];
    for (let step = 0; step < 6; step++) {
      const loss = optimizer.minimize(
        () => tf.mean(tf.square(tf.matMul(weight as tf.Tensor2D, weight as tf.Tensor2D))),
        true,
      )!;
      await loss.data();
      loss.dispose();
      counts.push(tf.memory().numTensors, backend.numDataIds());
    }
    expect(counts.slice(2)).toEqual(counts.slice(0, -2));
  });
});

describe("failure", () => {
  it("is thrown by every read, and by computing further", async () => {
    const lost = failing();
    const further = tf.add(lost, 1);
    await expect(further.data()).rejects.toMatchObject({ code: "INDEX_OUT_OF_RANGE" });
    await expect(lost.data()).rejects.toMatchObject({ code: "INDEX_OUT_OF_RANGE" });
    expect(() => lost.dataSync()).toThrow(/GatherV2/);
    expect(() => tf.add(lost, 1)).toThrow(/GatherV2/);
  });

  it("does not touch what is independent of it, nor what comes after", async () => {
    const weight = tf.variable(tf.tensor1d([1]));
    weight.assign(tf.add(weight, 1));
    const lost = failing();
    await expect(lost.data()).rejects.toThrow();
    expect(Array.from(weight.dataSync())).toEqual([2]);
    weight.assign(tf.add(weight, 1));
    expect(Array.from(weight.dataSync())).toEqual([3]);
  });

  it("is thrown by flush", async () => {
    failing();
    await expect(backend.flush()).rejects.toMatchObject({ code: "INDEX_OUT_OF_RANGE" });
    await backend.flush();
  });

  it("frees what it held", async () => {
    const data = backend.numDataIds();
    const lost = tf.tidy(() => failing());
    await expect(lost.data()).rejects.toThrow();
    lost.dispose();
    expect(backend.numDataIds()).toBe(data);
  });
});

describe("recordings that nobody reads", () => {
  const train = (weight: tf.Variable) =>
    tf.tidy(() => {
      let x: tf.Tensor = tf.tensor1d([1, 2, 3]);
      for (let depth = 0; depth < 40; depth++) x = tf.sin(tf.add(x, weight));
      weight.assign(tf.mul(x, 0.5));
    });

  it("run when the data of the next step comes, so that each step is one graph", () => {
    const weight = tf.variable(tf.tensor1d([0, 0, 0]));
    for (let step = 0; step < 12; step++) train(weight);
    const { runs, compilations } = backend.statistics();
    expect(runs).toBe(11);
    expect(compilations).toBe(1);
    expect(weight.dataSync().every(Number.isFinite)).toBe(true);
  });

  it("run at the end of each step, even if no data comes: a step ends where all variables have their next value", () => {
    const weights = [1, 2, 3].map((value) => tf.variable(tf.tensor1d([value, value])));
    const optimizer = tf.train.adam(0.01);
    const step = () =>
      optimizer.minimize(
        () => tf.addN(weights.map((weight) => tf.sum(tf.square(tf.sin(weight))))) as tf.Scalar,
      );
    for (let round = 0; round < 10; round++) step();
    const { compilations } = backend.statistics();
    for (let round = 0; round < 20; round++) step();
    expect(backend.statistics()).toMatchObject({ compilations });
    expect(backend.statistics().runs).toBeGreaterThan(14);
    expect(backend.statistics().recorded).toBeLessThan(300);
  });

  it("run when there are too many of them", async () => {
    await install({ maxRecorded: 100 });
    let x: tf.Tensor = tf.tensor1d([1]);
    for (let depth = 0; depth < 1000; depth++) x = tf.add(x, 1);
    expect(backend.statistics().recorded).toBeLessThanOrEqual(100);
    expect(x.dataSync()[0]).toBe(1001);
  });
});

describe("compiled graphs", () => {
  const square = (size: number, factor: number) =>
    tf.tidy(() => tf.sum(tf.mul(tf.ones([size]), factor)).dataSync()[0]);

  it("are used again for the same structure, whatever the values", () => {
    for (let round = 0; round < 5; round++) {
      const x = tf.tensor1d([round, 1]);
      expect(Array.from(tf.add(x, x).dataSync())).toEqual([2 * round, 2]);
    }
    expect(backend.statistics().compilations).toBe(1);
  });

  it("take a single number in as a constant, and once it changes as an input", () => {
    const values = [2, 2, 3, 4, 5, 2].map((factor) => square(4, factor));
    expect(values).toEqual([8, 8, 12, 16, 20, 8]);
    expect(backend.statistics().compilations).toBe(2);
  });

  it("tell attributes, types, edges and what is live apart", () => {
    const x = tf.tensor2d([
      [1, 2],
      [3, 4],
    ]);
    expect(tf.sum(x, 0).dataSync()[0]).toBe(4);
    expect(tf.sum(x, 1).dataSync()[0]).toBe(3);
    expect(tf.sub(x, tf.square(x)).dataSync()[3]).toBe(-12);
    expect(tf.sub(tf.square(x), x).dataSync()[3]).toBe(12);
    expect(tf.add(tf.tensor1d([1], "int32"), tf.tensor1d([2], "int32")).dtype).toBe("int32");
    expect(tf.mul(tf.scalar(-0), tf.tensor1d([1])).dataSync()[0]).toBe(-0);
    expect(1 / tf.mul(tf.scalar(0), tf.tensor1d([1])).dataSync()[0]).toBe(Number.POSITIVE_INFINITY);
  });

  it("are bounded in number: the one used longest ago goes", async () => {
    await install({ maxGraphs: 3, warn: () => {} });
    for (const size of [2, 3, 4]) square(size, 1);
    square(2, 1);
    square(5, 1); // 3 goes
    expect(backend.statistics()).toMatchObject({ graphs: 3, compilations: 4 });
    square(2, 1);
    expect(backend.statistics().compilations).toBe(4);
    square(3, 1);
    expect(backend.statistics()).toMatchObject({ graphs: 3, compilations: 5 });
  });

  it("are bounded in bytes", async () => {
    await install({ maxGraphBytes: 100_000, warn: () => {} });
    for (const size of [10_000, 10_001, 10_002]) {
      const x = tf.tensor1d(new Float32Array(size).fill(1));
      expect(tf.sum(tf.exp(tf.neg(x))).dataSync()[0]).toBeCloseTo(size / Math.E, -1);
    }
    expect(backend.statistics().graphs).toBe(1);
    expect(backend.statistics().graphBytes).toBeLessThan(100_000);
  });

  it("that are ever new make a warning that names the shape", async () => {
    const warnings: string[] = [];
    await install({ maxGraphs: 4, warn: (message) => warnings.push(message) });
    for (let size = 2; size < 12; size++) tf.exp(tf.tensor1d(new Float32Array(size))).dataSync();
    expect(warnings).toEqual([
      expect.stringMatching(
        /5 compilations.*was float32 \[5\] is now float32 \[6\].*Exp\(float32 \[6\]\) -> float32 \[6\]/,
      ),
    ]);
  });
});

describe("a runtime that answers later", () => {
  beforeEach(() => install({ runtime: nodeRuntime({ synchronous: false }) }));

  it("reads, flushes and trains", async () => {
    const weight = tf.variable(tf.tensor1d([1, 2]));
    const optimizer = tf.train.sgd(0.25);
    const losses: number[] = [];
    for (let step = 0; step < 3; step++) {
      const loss = optimizer.minimize(() => tf.sum(tf.square(weight)), true)!;
      losses.push((await loss.data())[0]);
      loss.dispose();
    }
    expect(losses).toEqual([5, 1.25, 0.3125]);
    expect(Array.from(await weight.data())).toEqual([0.125, 0.25]);
  });

  it("lets recordings go on during a run, and runs them in their order", async () => {
    const x = tf.add(tf.tensor1d([1]), 1);
    const first = x.data();
    const y = tf.mul(x, 10); // reads what is being computed
    const second = y.data();
    const z = tf.add(y, x);
    x.dispose();
    expect([...(await first), ...(await second), ...(await z.data())]).toEqual([2, 20, 22]);
  });

  it("says what to call instead of dataSync", async () => {
    const x = tf.add(tf.tensor1d([1]), 1);
    expect(() => x.dataSync()).toThrow(/await tensor\.data\(\).*READ_SYNC_UNAVAILABLE/);
    await backend.flush();
    expect(Array.from(x.dataSync())).toEqual([2]);
  });

  it("keeps a failure with the tensors that it concerns", async () => {
    const lost = failing();
    const fine = tf.add(tf.tensor1d([1]), 1);
    await expect(lost.data()).rejects.toMatchObject({ code: "INDEX_OUT_OF_RANGE" });
    expect(Array.from(await fine.data())).toEqual([2]);
  });
});

it.each([{ threads: 0 }, { maxGraphs: -1 }])("refuses %j", async (options) => {
  await expect(installOnnxBackend(options)).rejects.toMatchObject({ code: "OPTION_INVALID" });
});

describe("a matrix product with what is added to it is one operator", () => {
  const [rows, inner, columns] = [3, 4, 5];
  const product = (add: (y: tf.Tensor) => tf.Tensor, transpose = false) =>
    tf.tidy(() => {
      const a = tf.reshape(tf.range(0, rows * inner), [rows, inner]) as tf.Tensor2D;
      const b = tf.reshape(
        tf.range(0, inner * columns),
        transpose ? [columns, inner] : [inner, columns],
      ) as tf.Tensor2D;
      return add(tf.matMul(a, b, false, transpose));
    });
  const additions: Record<string, (y: tf.Tensor) => tf.Tensor> = {
    "a bias": (y) => tf.add(y, tf.range(0, columns)),
    "a bias before it": (y) => tf.add(tf.range(0, columns), y),
    "a number": (y) => tf.add(y, 2),
    "a column": (y) => tf.add(y, tf.reshape(tf.range(0, rows), [rows, 1])),
    "a whole table": (y) => tf.add(y, tf.reshape(tf.range(0, rows * columns), [rows, columns])),
    itself: (y) => tf.add(y, y),
    "more axes": (y) => tf.add(y, tf.ones([2, 1, columns])),
    "itself in another shape": (y) => tf.add(tf.reshape(y, [columns, rows]), tf.ones([columns, rows])),
    "a fill": (y) => tf.add(y, tf.fill([rows, columns], 3)),
    "another product": (y) =>
      tf.add(y, tf.matMul(tf.ones([rows, 2]) as tf.Tensor2D, tf.ones([2, columns]) as tf.Tensor2D)),
  };
  it.each(Object.keys(additions))("%s, and the result is the same", async (name) => {
    for (const transpose of [false, true]) {
      const found = product(additions[name], transpose);
      const values = Array.from(await found.data());
      await tf.setBackend("cpu");
      const expected = product(additions[name], transpose);
      expect({ shape: found.shape, values }).toEqual({
        shape: expected.shape,
        values: Array.from(await expected.data()),
      });
      await tf.setBackend("onnx");
    }
  });
  it("unless the product itself is wanted", async () => {
    const a = tf.ones([2, 2]) as tf.Tensor2D;
    const y = tf.matMul(a, a);
    const z = tf.add(y, 1);
    expect([...(await z.data()), ...(await y.data())]).toEqual([3, 3, 3, 3, 2, 2, 2, 2]);
  });
});
