import * as tf from "@tensorflow/tfjs-core";
import { startBackend } from "@textdiffusion/backend-node";
import {
  type Backend,
  DiffusionError,
  type LearnerReport,
  type LearnerStep,
  type NamedArray,
  type NoisedBatch,
  Random,
} from "@textdiffusion/core";
import type { MaskedLanguageModel } from "@textdiffusion/ops";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { createTinyRows, noise } from "../fixtures/tiny-data.js";
import { createTinyModel } from "../fixtures/tiny-model.js";
import { createLearner } from "./learner.js";
import type { LearnerOptions } from "./learner-options.js";

const open: { dispose(): void }[] = [];

afterEach(() => {
  for (const resource of open.reverse().splice(0)) resource.dispose();
});

function setUp(
  options: Partial<LearnerOptions> = {},
  modelOptions: Parameters<typeof createTinyModel>[0] = {},
) {
  const model = createTinyModel(modelOptions);
  const learner = createLearner(model, options);
  open.push(model, learner);
  return { model, learner };
}

/** Eight rows of 9 tokens at the mask rates 1/9 to 8/9: very different numbers of masks, none a multiple of the padding. */
const batch = noise(createTinyRows({ seq: 9 }).rowsAt(0, 8), (row) => (row + 1) / 9, Random.fromSeed(3));

/** Rows `from` to `to` of a batch, with their share of the denominator. */
function rowsOf({ seq, ...whole }: NoisedBatch, from: number, to: number): NoisedBatch {
  const part = <Values extends { slice(begin: number, end: number): Values }>(values: Values) =>
    values.slice(from * seq, to * seq);
  return {
    batch: to - from,
    seq,
    cleanIds: part(whole.cleanIds),
    noisedIds: part(whole.noisedIds),
    noiseMask: part(whole.noiseMask),
    attentionMask: part(whole.attentionMask),
    time: whole.time.slice(from, to),
    lossWeight: part(whole.lossWeight),
    lossDenominator: (to - from) * seq,
    maskableCount: (to - from) * seq,
  };
}

const stepOn = (batches: readonly NoisedBatch[], changes: Partial<LearnerStep> = {}): LearnerStep => ({
  batches,
  learningRate: 0.01,
  clipNorm: 0,
  random: Random.fromSeed(9),
  ...changes,
});

/** Probabilities at every position, in doubles on the host; shape [batch * seq][vocab]. */
async function probabilities(
  model: MaskedLanguageModel,
  { batch, seq, noisedIds, attentionMask }: NoisedBatch,
) {
  const positions = Int32Array.from({ length: batch * seq }, (_, index) => index);
  const logits = model.logits({ batch, seq, ids: noisedIds, attentionMask, positions });
  const table = (await logits.array()) as number[][];
  logits.dispose();
  return table.map((row) => {
    const exponentials = row.map((logit) => Math.exp(logit));
    const total = exponentials.reduce((sum, value) => sum + value, 0);
    return exponentials.map((value) => value / total);
  });
}

const bits = (state: Readonly<Record<string, NamedArray>>) =>
  Object.fromEntries(Object.entries(state).map(([name, { data }]) => [name, new Uint32Array(data.buffer)]));

describe.each(["onnx", "wasm", "cpu"])("on %s", (backendName) => {
  let backend: Backend;
  beforeAll(async () => {
    backend = await startBackend(backendName);
  });
  afterAll(() => backend.dispose());

  describe("step", () => {
    it("reports sum(weight * crossEntropy) / denominator and follows its gradient", async () => {
      const { model, learner } = setUp();
      const table = await probabilities(model, batch);
      let loss = 0;
      const biasGradient = new Array<number>(7).fill(0); // of the loss by the head's bias: weight (p - [token])
      for (const [index, weight] of batch.lossWeight.entries()) {
        loss -= (weight / batch.lossDenominator) * Math.log(table[index][batch.cleanIds[index]]);
        for (const [token, p] of table[index].entries()) {
          const expected = p - (token === batch.cleanIds[index] ? 1 : 0);
          biasGradient[token] += (weight / batch.lossDenominator) * expected;
        }
      }
      const { lossNats } = await learner.step(stepOn([batch]));
      expect(lossNats).toBeCloseTo(loss, 5);
      const { data } = (await learner.state())["first-moment/head.bias"]; // (1 - beta1) gradient
      expect([...data]).toEqual(biasGradient.map((value) => expect.closeTo(0.1 * value, 6)));
    });

    it("spreads labels over the vocabulary as a batch asks, and scores without", async () => {
      const { model, learner } = setUp();
      const table = await probabilities(model, batch);
      const scores = await learner.score({ ...batch, labelSmoothing: 0.25 });
      expect(scores).toEqual(await learner.score(batch));
      const { lossNats } = await learner.step(stepOn([{ ...batch, labelSmoothing: 0.25 }]));
      const expected = table.reduce((sum, row, at) => {
        const spread = row.reduce((total, probability) => total - Math.log(probability) / row.length, 0);
        const smoothed = 0.75 * -Math.log(row[batch.cleanIds[at]]) + 0.25 * spread;
        return sum + batch.lossWeight[at] * smoothed;
      }, 0);
      expect(lossNats).toBeCloseTo(expected / batch.lossDenominator, 4);
    });

    it("gives ln(vocabulary) for a model that knows nothing, at weights that sum to the denominator", async () => {
      const { model, learner } = setUp();
      for (const variable of model.parameters.values())
        tf.tidy(() => variable.assign(tf.zeros(variable.shape)));
      const lossWeight = Float32Array.from(batch.noiseMask);
      const lossDenominator = lossWeight.reduce((sum, weight) => sum + weight, 0);
      const { lossNats } = await learner.step(stepOn([{ ...batch, lossWeight, lossDenominator }]));
      expect(lossNats).toBeCloseTo(Math.log(7), 6);
    });

    it("weighs tokens, not micro-batches: 1 x 8, 2 x 4 and 4 x 2 rows are one step", async () => {
      const run = async (parts: number) => {
        const { learner } = setUp();
        const rows = 8 / parts;
        const batches = Array.from({ length: parts }, (_, i) => rowsOf(batch, i * rows, (i + 1) * rows));
        return { report: await learner.step(stepOn(batches)), state: await learner.state() };
      };
      const whole = await run(1);
      for (const split of [await run(2), await run(4)]) {
        expect(split.report.lossNats).toBeCloseTo(whole.report.lossNats, 6);
        expect(split.report.gradientNorm).toBeCloseTo(whole.report.gradientNorm, 6);
        for (const [name, { data }] of Object.entries(whole.state)) {
          for (const [index, value] of data.entries()) {
            expect(Math.abs(split.state[name].data[index] - value)).toBeLessThan(1e-6);
          }
        }
      }
      // The mean of the parts' own losses, what a careless accumulation would report, is something else.
      const { learner } = setUp();
      const halves = await Promise.all(
        [rowsOf(batch, 0, 4), rowsOf(batch, 4, 8)].map(async (half) => {
          const { crossEntropy } = await learner.score(half);
          return crossEntropy.reduce((sum, nats) => sum + nats, 0) / crossEntropy.length;
        }),
      );
      expect(Math.abs((halves[0] + halves[1]) / 2 - whole.report.lossNats)).toBeGreaterThan(1e-3);
    });

    it("clips the global norm of the gradient and reports the norm before", async () => {
      const [free, clipped] = [setUp().learner, setUp().learner];
      const { gradientNorm } = await free.step(stepOn([batch]));
      expect((await clipped.step(stepOn([batch], { clipNorm: gradientNorm / 4 }))).gradientNorm).toBe(
        gradientNorm,
      );
      const [before, after] = [await free.state(), await clipped.state()];
      for (const name of Object.keys(before).filter((key) => key.startsWith("first-moment/"))) {
        for (const [index, value] of before[name].data.entries()) {
          expect(after[name].data[index]).toBeCloseTo(value / 4, 6);
        }
      }
    });

    it("leaves frozen parameters alone, with decay on", async () => {
      const { model, learner } = setUp({ weightDecay: 0.5 });
      const frozen = model.parameters.get("dense.weight") as tf.Variable;
      frozen.trainable = false;
      const before = await learner.state();
      await learner.step(stepOn([batch]));
      const after = await learner.state();
      expect(after["parameter/dense.weight"]).toEqual(before["parameter/dense.weight"]);
      expect(after["first-moment/dense.weight"].data.every((value) => value === 0)).toBe(true);
      expect(after["parameter/dense.bias"]).not.toEqual(before["parameter/dense.bias"]);
    });

    it("learns what can be learnt: rows of one token each, where a visible token gives the hidden ones away", async () => {
      const { learner } = setUp();
      const rows = Array.from({ length: 6 }, (_, token) => ({ ids: new Int32Array(6).fill(token) }));
      const easy = noise(rows, () => 0.2, Random.fromSeed(1));
      for (let step = 0; step < 150; step++) await learner.step(stepOn([easy], { learningRate: 0.05 }));
      const { crossEntropy, correct } = await learner.score(easy);
      expect(Math.max(...crossEntropy)).toBeLessThan(0.1); // from about ln 7 = 1.9
      expect(correct.every((each) => each === 1)).toBe(true);
    });

    it("draws dropout from the step's random", async () => {
      const lossWith = async (seed: number) => {
        const { learner } = setUp({}, { dropoutRate: 0.5 });
        return (await learner.step(stepOn([batch], { random: Random.fromSeed(seed) }))).lossNats;
      };
      expect(await lossWith(1)).toBe(await lossWith(1));
      expect(await lossWith(1)).not.toBe(await lossWith(2));
    });

    it.each([
      { what: "the loss", name: "head.bias", value: Number.NaN, weight: 1 },
      // Cross entropies near 2 at weights of 1e37: a loss that float32 holds, a squared gradient that it does not.
      { what: 'the squared norm of the gradient of "', name: undefined, value: 0, weight: 1e37 },
    ])(
      "throws NOT_A_NUMBER for $what and leaves weights and moments alone",
      async ({ what, name, value, weight }) => {
        const { model, learner } = setUp();
        await learner.step(stepOn([batch]));
        const variable = name ? model.parameters.get(name) : undefined;
        if (variable) tf.tidy(() => variable.assign(tf.fill(variable.shape, value)));
        const before = await learner.state();
        const tensors = tf.memory().numTensors;
        const lossWeight = batch.lossWeight.map((each) => each * weight);
        const error = await learner.step(stepOn([{ ...batch, lossWeight }])).catch((thrown) => thrown);
        expect(DiffusionError.is(error, "NOT_A_NUMBER")).toBe(true);
        expect(error.message).toContain(what);
        expect(bits(await learner.state())).toEqual(bits(before));
        expect(tf.memory().numTensors).toBe(tensors);
      },
    );

    it("takes back an update that is not accepted: weights, moments and averages, bit for bit", async () => {
      const options = { weightDecay: 0.1, ema: 0.9 };
      const [asked, never] = [setUp(options).learner, setUp(options).learner];
      const seen: LearnerReport[] = [];
      const accept = (measured: LearnerReport) => {
        seen.push(measured);
        return seen.length !== 2;
      };
      const halves = [rowsOf(batch, 0, 4), rowsOf(batch, 4, 8)];
      const reports: LearnerReport[] = [];
      for (let step = 0; step < 3; step++) reports.push(await asked.step(stepOn(halves, { accept })));
      for (let step = 0; step < 2; step++) await never.step(stepOn(halves));
      expect(seen).toEqual(reports);
      expect(reports[2]).toEqual(reports[1]); // from the same weights
      expect(bits(await asked.state())).toEqual(bits(await never.state()));
    });

    it("refuses a step without noise, and tokens that the model does not know", async () => {
      const { learner } = setUp();
      const empty = { ...batch, lossWeight: new Float32Array(72), lossDenominator: 0 };
      await expect(learner.step(stepOn([empty]))).rejects.toMatchObject({ code: "DATA_INVALID" });
      const foreign = { ...batch, cleanIds: batch.cleanIds.map(() => 7) };
      await expect(learner.step(stepOn([foreign]))).rejects.toMatchObject({ code: "TOKEN_OUT_OF_RANGE" });
    });

    it("changes nothing when noise could have fallen, but did not", async () => {
      const { learner } = setUp({ weightDecay: 0.5 });
      const before = await learner.state();
      const untouched = { ...batch, noiseMask: new Uint8Array(72), lossWeight: new Float32Array(72) };
      expect(await learner.step(stepOn([untouched]))).toEqual({ lossNats: 0, gradientNorm: 0 });
      expect(await learner.state()).toEqual(before);
    });

    it("adds a micro-batch without noise as nothing", async () => {
      const empty = { ...batch, lossWeight: new Float32Array(72), lossDenominator: 0 };
      const [alone, withEmpty] = [setUp().learner, setUp().learner];
      const report = await alone.step(stepOn([batch]));
      expect(await withEmpty.step(stepOn([batch, empty]))).toEqual(report);
    });
  });

  describe("score", () => {
    it("gives cross entropy and correctness at the masked positions, in order, whatever the loss weights", async () => {
      const { model, learner } = setUp();
      const table = await probabilities(model, batch);
      const masked = [...batch.noiseMask.keys()].filter((index) => batch.noiseMask[index] === 1);
      const { crossEntropy, correct } = await learner.score({ ...batch, lossWeight: new Float32Array(72) });
      expect([...crossEntropy]).toEqual(
        masked.map((index) => expect.closeTo(-Math.log(table[index][batch.cleanIds[index]]), 5)),
      );
      const best = masked.map((index) => table[index].indexOf(Math.max(...table[index])));
      expect([...correct]).toEqual(masked.map((index, k) => (best[k] === batch.cleanIds[index] ? 1 : 0)));
    });

    it("gives nothing for a batch without noise", async () => {
      const { crossEntropy, correct } = await setUp().learner.score({
        ...batch,
        noiseMask: new Uint8Array(72),
      });
      expect([crossEntropy.length, correct.length]).toEqual([0, 0]);
    });

    it("uses no dropout and changes nothing", async () => {
      const { learner } = setUp({}, { dropoutRate: 0.5 });
      const before = await learner.state();
      expect(await learner.score(batch)).toEqual(await learner.score(batch));
      expect(await learner.state()).toEqual(before);
    });
  });

  describe("state and restore", () => {
    const steps = async (learner: ReturnType<typeof createLearner>, from: number, to: number) => {
      for (let step = from; step < to; step++) {
        const random = Random.fromSeed(4).split("step", step);
        const rows = createTinyRows({ seq: 9 }).rowsAt(step * 4, 4);
        const noised = noise(rows, (row) => (row + 1) / 4, random.split("noise"));
        await learner.step(stepOn([noised], { random, learningRate: 0.02 / (step + 1), clipNorm: 0.5 }));
      }
    };
    const options = [{ weightDecay: 0.1 }, { dropoutRate: 0.2 }] as const;

    it("goes on bit for bit as if it had never stopped", async () => {
      const uninterrupted = setUp(...options).learner;
      await steps(uninterrupted, 0, 12);
      const first = setUp(...options).learner;
      await steps(first, 0, 5);
      const second = setUp(options[0], { ...options[1], seed: 2 }).learner;
      await second.restore(await first.state());
      await steps(second, 5, 12);
      expect(bits(await second.state())).toEqual(bits(await uninterrupted.state()));
    });

    it("gives copies and takes copies", async () => {
      const { learner } = setUp();
      const given = await learner.state();
      const kept = structuredClone(given);
      await learner.restore(given);
      for (const { data } of Object.values(given)) data.fill(9);
      expect(await learner.state()).toEqual(kept);
    });

    it.each([
      ["a missing name", ({ "parameter/head.bias": _, ...rest }: Record<string, NamedArray>) => rest],
      [
        "an unknown name",
        (state: Record<string, NamedArray>) => ({
          ...state,
          "parameter/pooler": state["parameter/head.bias"],
        }),
      ],
      [
        "another shape",
        (state: Record<string, NamedArray>) => ({
          ...state,
          "parameter/head.bias": { shape: [3], data: new Float32Array(3) },
        }),
      ],
      [
        "a shape that its data lacks",
        (state: Record<string, NamedArray>) => ({
          ...state,
          "parameter/head.bias": { shape: [7], data: new Float32Array(3) },
        }),
      ],
    ])("refuses a state with %s and keeps its own", async (_, change) => {
      const { learner } = setUp();
      const before = await learner.state();
      const zeros = Object.entries(before).map(([name, { shape, data }]) => [
        name,
        { shape, data: data.map(() => 0) },
      ]);
      const error = learner.restore(change(Object.fromEntries(zeros)));
      await expect(error).rejects.toMatchObject({ code: "CHECKPOINT_INVALID" });
      expect(await learner.state()).toEqual(before);
    });
  });

  describe("memory", () => {
    it("does not grow in 50 steps with scores, and is given back on dispose", async () => {
      const model = createTinyModel({ dropoutRate: 0.1 });
      const before = tf.memory().numTensors;
      const learner = createLearner(model);
      const created = tf.memory().numTensors;
      const halves = [rowsOf(batch, 0, 4), rowsOf(batch, 4, 8)];
      for (let step = 0; step < 50; step++) {
        await learner.step(stepOn(halves, { clipNorm: 1 }));
        await learner.score(batch);
      }
      await learner.restore(await learner.state());
      expect(tf.memory().numTensors).toBe(created);
      learner.dispose();
      learner.dispose();
      expect(tf.memory().numTensors).toBe(before);
      await expect(learner.score(batch)).rejects.toMatchObject({ code: "DISPOSED" });
      model.dispose();
    });

    it("lets two learners live in one process", async () => {
      const [first, second] = [setUp().learner, setUp().learner];
      await first.step(stepOn([batch]));
      expect(await second.state()).not.toEqual(await first.state());
    });
  });

  describe("createLearner", () => {
    it("counts the parameters: 7 x 4 + 4 x 4 + 4 + 4 + 7", () => {
      expect(setUp().learner.parameterCount).toBe(59);
    });

    it("refuses unknown and bad options", () => {
      const model = createTinyModel();
      open.push(model);
      const create = (options: object) => () => createLearner(model, options);
      expect(create({ wieghtDecay: 1 })).toThrow(expect.objectContaining({ code: "UNKNOWN_OPTION" }));
      expect(create({ beta1: 1 })).toThrow(expect.objectContaining({ code: "CONFIG_INVALID" }));
      expect(create({ epsilon: 0 })).toThrow(/epsilon.*got 0/);
    });

    it("refuses to step with nothing to train", async () => {
      const { model, learner } = setUp();
      for (const variable of model.parameters.values()) variable.trainable = false;
      await expect(learner.step(stepOn([batch]))).rejects.toMatchObject({ code: "MODEL_INVALID" });
    });
  });
});
