import "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { installOnnxBackend } from "../install-onnx-backend.js";

beforeAll(async () => {
  await installOnnxBackend({ threads: 1 });
});

type Function = (...inputs: tf.Tensor[]) => tf.Tensor;

const shape = [3, 4];
const values = (seed: number) => tf.randomUniform(shape, 0.5, 1.5, "float32", seed);

const functions: Record<string, Function> = {
  sum: (x) => tf.sum(tf.square(tf.sum(x, 1))),
  "sum, dimensions kept": (x) => tf.sum(tf.square(tf.sum(x, [-1], true))),
  mean: (x) => tf.sum(tf.square(tf.mean(x, 0))),
  "mean of all": (x) => tf.square(tf.mean(x)),
  max: (x) => tf.sum(tf.max(x, 1)),
  softmax: (x) => tf.sum(tf.square(tf.softmax(x))),
  logSoftmax: (x) => tf.sum(tf.square(tf.logSoftmax(x))),
  matMul: (x, y) => tf.sum(tf.square(tf.matMul(x as tf.Tensor2D, y as tf.Tensor2D, false, true))),
  "layer normalisation": (x, y) => {
    const centred = tf.sub(x, tf.mean(x, -1, true));
    const variance = tf.mean(tf.square(centred), -1, true);
    return tf.sum(tf.mul(tf.mul(centred, tf.rsqrt(tf.add(variance, 1e-5))), y));
  },
  gelu: (x) => tf.sum(tf.mul(x, tf.add(tf.erf(tf.div(x, Math.SQRT2)), 1))),
  gather: (x) => tf.sum(tf.square(tf.gather(x, tf.tensor1d([0, 2, 0], "int32")))),
  broadcast: (x, y) => tf.sum(tf.div(x, tf.slice(y, [0, 0], [1, 4]))),
  pow: (x, y) => tf.sum(tf.pow(x, y)),
  "concat and split": (x, y) => tf.sum(tf.square(tf.split(tf.concat([x, y], 1), 2, 1)[0])),
  where: (x, y) => tf.sum(tf.where(tf.tensor1d([1, 0, 0, 1], "bool"), tf.square(x), tf.mul(x, y))),
  cumsum: (x) => tf.sum(tf.square(tf.cumsum(x, 1))),
};

describe("gradients", () => {
  it.each(Object.keys(functions))("of %s are those of cpu", async (name) => {
    const gradients = async (backend: string) => {
      await tf.setBackend(backend);
      const results = tf.tidy(() =>
        tf.grads(functions[name])(functions[name].length === 1 ? [values(1)] : [values(1), values(2)]),
      );
      return Promise.all(results.map(async (result) => Array.from(await result.data())));
    };
    const expected = await gradients("cpu");
    (await gradients("onnx")).forEach((gradient, input) => {
      gradient.forEach((value, place) => {
        expect(value).toBeCloseTo(expected[input][place], 4);
      });
    });
  });

  // Central differences of a function in float32: with a step h the error is about h^2 + 1e-7 / h, here below 1e-3.
  it.each(Object.keys(functions).filter((name) => name !== "max" && name !== "where"))(
    "of %s are its finite differences",
    async (name) => {
      await tf.setBackend("onnx");
      const inputs = functions[name].length === 1 ? [values(1)] : [values(1), values(2)];
      const gradient = await tf.grads(functions[name])(inputs)[0].data();
      const step = 1e-2;
      const at = async (place: number, by: number) => {
        const moved = (await inputs[0].data()).slice();
        moved[place] += by;
        return (await functions[name](tf.tensor(moved, shape), ...inputs.slice(1)).data())[0];
      };
      for (const place of [0, 5, 11]) {
        const difference = ((await at(place, step)) - (await at(place, -step))) / (2 * step);
        expect(gradient[place]).toBeCloseTo(difference, 1.5);
      }
    },
  );

  it.each(["cpu", "onnx"])("of sums and means have gradients themselves, on %s", async (backend) => {
    await tf.setBackend(backend);
    // f = mean(x)^3 over n numbers: f'' summed over all pairs of places is 6 mean(x)
    const second = tf.grad((x) => tf.sum(tf.grad((y) => tf.pow(tf.mean(y), 3))(x)));
    const x = tf.tensor1d([1, 2, 3, 6]);
    expect(Array.from(await second(x).data())).toEqual([4.5, 4.5, 4.5, 4.5]); // 6 * 3 / 4
  });
});

it("training agrees with cpu: 20 steps of Adam on a network with attention, to 1e-4 of the largest parameter", async () => {
  const train = async (backend: string) => {
    await tf.setBackend(backend);
    const [seq, hidden, vocab] = [6, 8, 11];
    const shapes = {
      table: [vocab, hidden],
      query: [hidden, hidden],
      key: [hidden, hidden],
      value: [hidden, hidden],
      gain: [hidden],
      head: [hidden, vocab],
    };
    const weights = Object.values(shapes).map((dimensions, seed) =>
      tf.variable(tf.randomNormal(dimensions, 0, 0.3, "float32", seed + 1)),
    );
    const [table, query, key, value, gain, head] = weights as tf.Variable[];
    const optimizer = tf.train.adam(0.01, 0.9, 0.999, 1e-6);
    const losses: number[] = [];
    for (let step = 0; step < 20; step++) {
      const ids = tf.tensor1d(
        Array.from({ length: seq }, (_, place) => (place * 3 + step) % vocab),
        "int32",
      );
      const loss = optimizer.minimize(() => {
        const x = tf.gather(table, ids) as tf.Tensor2D;
        const scores = tf.matMul(
          tf.matMul(x, query as tf.Tensor2D),
          tf.matMul(x, key as tf.Tensor2D),
          false,
          true,
        );
        const mixed = tf.matMul(tf.softmax(tf.mul(scores, 0.35)), tf.matMul(x, value as tf.Tensor2D));
        const sum = tf.add(x, mixed);
        const centred = tf.sub(sum, tf.mean(sum, -1, true));
        const normal = tf.mul(
          tf.div(centred, tf.sqrt(tf.add(tf.mean(tf.square(centred), -1, true), 1e-5))),
          gain,
        );
        const logProbs = tf.logSoftmax(tf.matMul(normal as tf.Tensor2D, head as tf.Tensor2D));
        return tf.neg(
          tf.mean(tf.sum(tf.mul(logProbs, tf.cast(tf.oneHot(ids, vocab), "float32")), 1)),
        ) as tf.Scalar;
      }, true)!;
      losses.push((await loss.data())[0]);
      tf.dispose([loss, ids]);
    }
    const parameters = await Promise.all(weights.map(async (weight) => Array.from(await weight.data())));
    tf.dispose(weights);
    return { losses, parameters };
  };
  const expected = await train("cpu");
  const found = await train("onnx");
  found.losses.forEach((loss, step) => {
    expect(Math.abs(loss / expected.losses[step] - 1)).toBeLessThan(1e-5);
  });
  found.parameters.forEach((parameter, index) => {
    const largest = Math.max(...expected.parameters[index].map(Math.abs));
    const difference = Math.max(
      ...parameter.map((value, place) => Math.abs(value - expected.parameters[index][place])),
    );
    expect(difference / largest).toBeLessThan(1e-4);
  });
});

it("the same seed gives the same bits for the same number of threads, and the same numbers for another", async () => {
  const [rows, hidden] = [512, 96]; // large enough for the runtime to share it out among threads
  const train = async (threads: number) => {
    await installOnnxBackend({ threads });
    const weights = [1, 2].map((seed) =>
      tf.variable(tf.randomNormal([hidden, hidden], 0, 0.1, "float32", seed)),
    );
    const x = tf.randomNormal([rows, hidden], 0, 1, "float32", 3) as tf.Tensor2D;
    const optimizer = tf.train.adam(0.01);
    for (let step = 0; step < 5; step++) {
      const loss = optimizer.minimize(() => {
        const [first, second] = weights as tf.Tensor[] as tf.Tensor2D[];
        return tf.mean(tf.square(tf.sub(tf.matMul(tf.softmax(tf.matMul(x, first)), second), x))) as tf.Scalar;
      }, true)!;
      await loss.data();
      loss.dispose();
    }
    const values = (await weights[0].data()).slice();
    tf.dispose([weights, x]);
    return values;
  };
  const alone = await train(1);
  expect(await train(1)).toEqual(alone);
  const together = await train(2);
  expect(await train(2)).toEqual(together);
  together.forEach((value, place) => {
    expect(value).toBeCloseTo(alone[place], 6);
  });
});
