import * as tf from "@tensorflow/tfjs-core";
import { startBackend } from "@textdiffusion/backend-node";
import { type Backend, type NamedArray, Random } from "@textdiffusion/core";
import type { ModelInput } from "@textdiffusion/ops";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type CreateModelOptions, createModel } from "../create-model.js";
import { type EncoderModel, encoderModelFromArrays } from "./encoder-model.js";

const sizes = { layers: 2, hidden: 24, heads: 4, vocabularySize: 61, maxLength: 12, dropout: 0.2 };
const make = (overrides: Partial<CreateModelOptions> = {}, seed = 1) =>
  createModel({ architecture: "roberta", ...sizes, ...overrides }, Random.fromSeed(seed));

/** Random text, never the pad id 1. */
function inputOf(batch: number, seq: number, positions?: readonly number[]): ModelInput {
  const random = Random.fromSeed(77);
  return {
    batch,
    seq,
    ids: Int32Array.from({ length: batch * seq }, (_, index) => 2 + random.integer(59, index)),
    attentionMask: new Uint8Array(batch * seq).fill(1),
    positions: Int32Array.from(positions ?? Array.from({ length: batch * seq }, (_, index) => index)),
  };
}

async function rowsOf(model: EncoderModel, input: ModelInput, dropout?: Random): Promise<Float32Array[]> {
  const logits = model.logits(input, dropout);
  const data = (await logits.data()) as Float32Array;
  logits.dispose();
  const width = model.vocabularySize;
  return Array.from(input.positions, (_, index) => data.slice(index * width, (index + 1) * width));
}

function closeTo(found: Float32Array, expected: Float32Array): void {
  const difference = found.reduce((max, value, index) => Math.max(max, Math.abs(value - expected[index])), 0);
  expect(difference).toBeLessThan(1e-5);
}

describe.each(["onnx", "wasm", "cpu"])("on %s", (backendName) => {
  let backend: Backend;
  beforeAll(async () => {
    backend = await startBackend(backendName);
  });
  afterAll(() => backend.dispose());

  let baseline: number;
  beforeEach(() => {
    baseline = tf.memory().numTensors;
  });

  describe.each(["roberta", "bert"] as const)("%s", (architecture) => {
    it("answers for the requested positions what it answers for them among all", async () => {
      const model = await make({ architecture });
      const all = await rowsOf(model, inputOf(2, 7));
      const positions = [0, 3, 8, 13];
      const some = await rowsOf(model, inputOf(2, 7, positions));
      expect(some.length).toBe(4);
      some.forEach((row, index) => {
        closeTo(row, all[positions[index]]);
      });
      model.dispose();
    });

    it("answers a row the same alone as in a batch, and with padding behind it", async () => {
      const model = await make({ architecture });
      const both = inputOf(2, 7);
      const together = await rowsOf(model, both);
      const alone = { ...inputOf(1, 7), ids: both.ids.slice(7) };
      (await rowsOf(model, alone)).forEach((row, index) => {
        closeTo(row, together[7 + index]);
      });
      const padded = inputOf(1, 9, [0, 1, 2, 3, 4, 5, 6]);
      const pad = model.config.padId;
      padded.ids.set([...both.ids.slice(7), pad, pad]);
      padded.attentionMask.fill(0, 7);
      (await rowsOf(model, padded)).forEach((row, index) => {
        closeTo(row, together[7 + index]);
      });
      model.dispose();
    });

    it("answers from tensors, for all positions, what it answers from arrays", async () => {
      const model = await make({ architecture });
      const pad = model.config.padId;
      const input = inputOf(2, 5);
      input.ids.set([pad, pad], 8);
      input.attentionMask.fill(0, 8);
      const expected = await rowsOf(model, input);
      const ids = tf.tensor2d(input.ids, [2, 5], "int32");
      const attentionMask = tf.tensor2d(input.attentionMask, [2, 5], "int32");
      const tokenTypes = tf.zerosLike(ids);
      for (const types of [{}, { tokenTypes }]) {
        const logits = model.logitsOfAll({ ids, attentionMask, ...types });
        expect(logits.shape).toEqual([2, 5, 61]);
        const found = (await logits.data()) as Float32Array;
        logits.dispose();
        expected.forEach((row, index) => {
          closeTo(found.slice(index * 61, (index + 1) * 61), row);
        });
      }
      tf.dispose([ids, attentionMask, tokenTypes]);
      model.dispose();
    });

    it("knows where a token stands: swapping two tokens is not swapping their answers", async () => {
      const model = await make({ architecture, dropout: 0 });
      const input = inputOf(1, 4);
      const swapped = {
        ...input,
        ids: Int32Array.of(input.ids[1], input.ids[0], input.ids[2], input.ids[3]),
      };
      const [row] = await rowsOf(model, input);
      const [, other] = await rowsOf(model, swapped);
      expect(row.some((value, index) => Math.abs(value - other[index]) > 1e-3)).toBe(true);
      model.dispose();
    });

    it("takes rows of its greatest length, and no longer ones", async () => {
      const model = await make({ architecture });
      expect(model.maxLength).toBe(12);
      expect((await rowsOf(model, inputOf(1, 12))).length).toBe(12);
      expect(() => model.logits(inputOf(1, 13))).toThrow(/1 to 12 tokens, got 13.*SHAPE_MISMATCH/);
      model.dispose();
    });

    it("drops only when given randomness, the same for the same stream", async () => {
      const model = await make({ architecture });
      const input = inputOf(1, 6, [2]);
      const [plain] = await rowsOf(model, input);
      const [dropped] = await rowsOf(model, input, Random.fromSeed(1));
      expect(await rowsOf(model, input)).toEqual([plain]);
      expect(await rowsOf(model, input, Random.fromSeed(1))).toEqual([dropped]);
      expect(dropped).not.toEqual(plain);
      expect(await rowsOf(model, input, Random.fromSeed(2))).not.toEqual([dropped]);
      model.dispose();
    });
  });

  it("keeps two models apart and frees everything", async () => {
    const first = await make();
    const [alone] = await rowsOf(first, inputOf(1, 5, [1]));
    const second = await make({}, 2);
    expect(await rowsOf(first, inputOf(1, 5, [1]))).toEqual([alone]);
    expect(await rowsOf(second, inputOf(1, 5, [1]))).not.toEqual([alone]);
    second.dispose();
    second.dispose();
    expect(await rowsOf(first, inputOf(1, 5, [1]))).toEqual([alone]);
    expect(() => second.logits(inputOf(1, 5))).toThrow(/DISPOSED/);
    first.dispose();
    expect(tf.memory().numTensors).toBe(baseline);
  });

  it("leaves nothing behind after a forward and a gradient but what it returns", async () => {
    const model = await make();
    const loaded = tf.memory().numTensors;
    expect(loaded - baseline).toBe(model.parameters.size);
    const logits = model.logits(inputOf(2, 5), Random.fromSeed(1));
    expect(tf.memory().numTensors).toBe(loaded + 1);
    logits.dispose();
    const { value, grads } = tf.variableGrads(
      () => tf.tidy(() => tf.sum(model.logits(inputOf(2, 5), Random.fromSeed(1))) as tf.Scalar),
      [...model.parameters.values()],
    );
    expect(tf.memory().numTensors).toBe(loaded + 1 + model.parameters.size);
    tf.dispose([value, grads]);
    model.dispose();
    expect(tf.memory().numTensors).toBe(baseline);
  });

  it("counts RoBERTa's positions from padId + 1 over tokens that are no padding", async () => {
    const model = await make({ architecture: "roberta" });
    const input = inputOf(1, 4, [3]);
    input.ids[1] = model.config.padId;
    input.attentionMask[1] = 0;
    const without = { ...inputOf(1, 3, [2]), ids: Int32Array.of(input.ids[0], input.ids[2], input.ids[3]) };
    closeTo((await rowsOf(model, input))[0], (await rowsOf(model, without))[0]);
    model.dispose();
  });

  describe("bad input throws before anything runs:", () => {
    it.each<[string, Partial<ModelInput>, RegExp]>([
      ["no rows", { batch: 0, ids: new Int32Array(0), attentionMask: new Uint8Array(0) }, /at least one row/],
      ["no tokens", { seq: 0 }, /1 to 12 tokens, got 0/],
      ["too few ids", { ids: new Int32Array(7) }, /ids of shape \[2, 4\].*got 7.*SHAPE_MISMATCH/],
      [
        "too few mask entries",
        { attentionMask: new Uint8Array(9) },
        /attentionMask of shape \[2, 4\].*got 9/,
      ],
      [
        "an id past the vocabulary",
        { ids: Int32Array.of(2, 2, 2, 2, 2, 2, 61, 2) },
        /0 to 60, got 61 in row 1 at position 2.*TOKEN_OUT_OF_RANGE/,
      ],
      ["a negative id", { ids: Int32Array.of(2, -1, 2, 2, 2, 2, 2, 2) }, /got -1 in row 0 at position 1/],
      ["no positions", { positions: new Int32Array(0) }, /at least one position/],
      ["a position past the end", { positions: Int32Array.of(0, 8) }, /0 to 7, got 8/],
      ["a negative position", { positions: Int32Array.of(-1) }, /0 to 7, got -1/],
    ])("%s", async (_, overrides, message) => {
      const model = await make();
      const before = tf.memory().numTensors;
      expect(() => model.logits({ ...inputOf(2, 4), ...overrides })).toThrow(message);
      expect(tf.memory().numTensors).toBe(before);
      model.dispose();
    });
  });

  it("is made from arrays, and refuses missing, misshapen and broken ones without a leak", async () => {
    const original = await make();
    const arrays = new Map<string, NamedArray>();
    for (const [name, variable] of original.parameters) {
      arrays.set(name, { shape: variable.shape, data: (await variable.data()) as Float32Array });
    }
    const copy = await encoderModelFromArrays(original.config, arrays);
    expect(await rowsOf(copy, inputOf(2, 5))).toEqual(await rowsOf(original, inputOf(2, 5)));
    copy.dispose();

    const before = tf.memory().numTensors;
    const with_ = (name: string, tensor?: NamedArray) => {
      const changed = new Map(arrays);
      if (tensor) changed.set(name, tensor);
      else changed.delete(name);
      return encoderModelFromArrays(original.config, changed);
    };
    await expect(with_("lm_head.bias")).rejects.toThrow(/"lm_head.bias".*MODEL_INVALID/);
    await expect(with_("lm_head.bias", { shape: [1], data: new Float32Array(1) })).rejects.toThrow(
      /"lm_head.bias" of shape \[61\], got \[1\].*MODEL_INVALID/,
    );
    const data = new Float32Array(61);
    data[60] = Number.NEGATIVE_INFINITY;
    await expect(with_("lm_head.bias", { shape: [61], data })).rejects.toThrow(
      /"lm_head.bias", got -Infinity at index 60.*NOT_A_NUMBER/,
    );
    expect(tf.memory().numTensors).toBe(before);
    original.dispose();
  });
});
