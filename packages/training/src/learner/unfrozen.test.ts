import type * as tf from "@tensorflow/tfjs-core";
import { startBackend } from "@textdiffusion/backend-node";
import { type Backend, Random } from "@textdiffusion/core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createTinyRows, noise } from "../fixtures/tiny-data.js";
import { createTinyModel } from "../fixtures/tiny-model.js";
import { createLearner } from "./learner.js";
import { unfrozen } from "./unfrozen.js";

let backend: Backend;
beforeAll(async () => {
  backend = await startBackend("cpu");
});
afterAll(() => backend.dispose());

const batch = noise(createTinyRows({ seq: 9 }).rowsAt(0, 8), (row) => (row + 1) / 9, Random.fromSeed(3));

it("a pattern names from end to end, with * for any characters and a dot for a dot", () => {
  const model = createTinyModel();
  const names = [...model.parameters.keys()];
  const left = (...patterns: string[]) => [...unfrozen(model.parameters, patterns).keys()];
  expect(left()).toEqual(names);
  expect(left("head.bias")).toEqual(names.filter((name) => name !== "head.bias"));
  expect(left("head*")).toEqual(names.filter((name) => !name.startsWith("head")));
  expect(left("*.bias", "head*")).toEqual(names.filter((name) => !/^head|\.bias$/.test(name)));
  expect(() => left("headXbias")).toThrow(/match "headXbias", got none. Names: .*head\.bias.*CONFIG_INVALID/);
  expect(() => left("head")).toThrow(/CONFIG_INVALID/);
  expect(() => left("*")).toThrow(/a parameter to learn.*CONFIG_INVALID/);
  model.dispose();
});

async function valuesOf(parameters: ReadonlyMap<string, tf.Variable>) {
  const values = [...parameters].map(async ([name, value]) => [name, (await value.data()).slice()] as const);
  return new Map(await Promise.all(values));
}

it("what is frozen stays, bit for bit, and has no state; the gradient of the rest is the same", async () => {
  const step = { batches: [batch], learningRate: 0.05, clipNorm: 0, random: Random.fromSeed(9) };
  const [whole, part] = await Promise.all(
    [undefined, ["head*"]].map(async (freeze) => {
      const model = createTinyModel();
      const before = await valuesOf(model.parameters);
      const learner = createLearner(model, { freeze, ema: 0.9 });
      await learner.step(step);
      const after = await valuesOf(model.parameters);
      const state = Object.keys(await learner.state());
      learner.dispose();
      model.dispose();
      return { before, after, state };
    }),
  );
  for (const [name, values] of part.after) {
    expect(values, name).toEqual(name.startsWith("head") ? part.before.get(name) : whole.after.get(name));
    expect(values, name).not.toEqual(name.startsWith("head") ? whole.after.get(name) : part.before.get(name));
  }
  expect(part.state.filter((name) => name.includes("head"))).toEqual([]);
  expect(whole.state.some((name) => name.startsWith("average/head"))).toBe(true);
});
