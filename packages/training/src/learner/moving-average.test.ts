import * as tf from "@tensorflow/tfjs-core";
import { startBackend } from "@textdiffusion/backend-node";
import { type Backend, type Learner, type NamedArray, Random } from "@textdiffusion/core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createTinyRows, noise } from "../fixtures/tiny-data.js";
import { createTinyModel } from "../fixtures/tiny-model.js";
import { createLearner } from "./learner.js";
import { averagingDecay } from "./moving-average.js";

let backend: Backend;
beforeAll(async () => {
  backend = await startBackend("cpu");
});
afterAll(() => backend.dispose());

const batch = noise(createTinyRows({ seq: 9 }).rowsAt(0, 8), (row) => (row + 1) / 9, Random.fromSeed(3));
const step = (learner: Learner, learningRate = 0.02) =>
  learner.step({ batches: [batch], learningRate, clipNorm: 0, random: Random.fromSeed(9) });
const part = (state: Readonly<Record<string, NamedArray>>, kind: string) =>
  new Map(
    Object.entries(state)
      .filter(([name]) => name.startsWith(`${kind}/`))
      .map(([name, { data }]) => [name.slice(kind.length + 1), [...data]]),
  );

async function withLearner(
  ema: number | undefined,
  act: (learner: Learner, model: ReturnType<typeof createTinyModel>) => Promise<void>,
) {
  const model = createTinyModel();
  const learner = createLearner(model, { ema });
  try {
    await act(learner, model);
  } finally {
    learner.dispose();
    model.dispose();
  }
}

describe("the average of the weights", () => {
  it("forgets the first steps fast, then as slowly as it was told", () => {
    expect([1, 2, 8, 90].map((n) => averagingDecay(0.9, n))).toEqual([2 / 11, 3 / 12, 9 / 18, 0.9]);
  });

  it("is what its recursion says, in doubles, of the weights after each step", () =>
    withLearner(0.4, async (learner) => {
      let expected = part(await learner.state(), "parameter");
      for (let n = 1; n <= 8; n++) {
        await step(learner);
        const state = await learner.state();
        const weights = part(state, "parameter");
        const d = averagingDecay(0.4, n);
        expected = new Map(
          [...expected].map(([name, values]) => [
            name,
            values.map((value, place) => d * value + (1 - d) * (weights.get(name) as number[])[place]),
          ]),
        );
        for (const [name, values] of part(state, "average")) {
          values.forEach((value, place) => {
            expect(value, name).toBeCloseTo((expected.get(name) as number[])[place], 6);
          });
        }
      }
    }));

  it("changes no weight of the training", async () => {
    const weights: Map<string, number[]>[] = [];
    for (const ema of [undefined, 0.9]) {
      await withLearner(ema, async (learner) => {
        for (let n = 0; n < 4; n++) {
          await step(learner);
          await learner.score(batch);
        }
        weights.push(part(await learner.state(), "parameter"));
      });
    }
    expect(weights[0]).toEqual(weights[1]);
  });

  it("is what is scored, and what others see for as long as they work", () =>
    withLearner(0.9, async (learner, model) => {
      for (let n = 0; n < 4; n++) await step(learner);
      const state = await learner.state();
      const scores = await learner.score(batch);
      const seen = await learner.withAverage(
        async () =>
          new Map(
            await Promise.all(
              [...model.parameters].map(async ([name, value]) => [name, [...(await value.data())]] as const),
            ),
          ),
      );
      expect(seen).toEqual(part(state, "average"));
      await expect(learner.withAverage(() => Promise.reject(new Error("disk full")))).rejects.toThrow(
        "disk full",
      );
      expect(await learner.state()).toEqual(state);

      await withLearner(undefined, async (other) => {
        const averages = part(state, "average");
        const restored = Object.entries(await other.state()).map(([name, value]) => {
          const data = averages.get(name.replace("parameter/", ""));
          return [
            name,
            data && name.startsWith("parameter/") ? { ...value, data: Float32Array.from(data) } : value,
          ];
        });
        await other.restore(Object.fromEntries(restored));
        expect(await other.score(batch)).toEqual(scores);
      });
    }));

  it("stays as it was after a step that ends in NaN, and is restored with the rest", () =>
    withLearner(0.9, async (learner) => {
      await step(learner);
      const before = await learner.state();
      await expect(
        learner.step({
          batches: [{ ...batch, lossWeight: batch.lossWeight.map(() => Number.NaN) }],
          learningRate: 0.1,
          clipNorm: 0,
          random: Random.fromSeed(1),
        }),
      ).rejects.toMatchObject({ code: "NOT_A_NUMBER" });
      expect(await learner.state()).toEqual(before);
      await step(learner);
      const after = await learner.state();
      await learner.restore(before);
      await step(learner);
      expect(await learner.state()).toEqual(after);
    }));

  it("refuses the state of a run without one", () =>
    withLearner(undefined, async (without) => {
      const state = await without.state();
      await withLearner(0.9, (learner) =>
        expect(learner.restore(state)).rejects.toThrow(/"average\/.*CHECKPOINT_INVALID/),
      );
    }));

  it("leaks nothing", async () => {
    const before = tf.memory().numTensors;
    await withLearner(0.9, async (learner) => {
      await step(learner);
      const inUse = tf.memory().numTensors;
      for (let n = 0; n < 5; n++) {
        await step(learner);
        await learner.score(batch);
        await learner.withAverage(async () => undefined);
      }
      expect(tf.memory().numTensors).toBe(inUse);
    });
    expect(tf.memory().numTensors).toBe(before);
  });
});
