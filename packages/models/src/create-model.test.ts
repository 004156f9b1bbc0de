import { startBackend } from "@textdiffusion/backend-node";
import { type Backend, Random } from "@textdiffusion/core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { decodeEncoderConfig } from "./config/hugging-face-config.js";
import { type CreateModelOptions, createModel } from "./create-model.js";
import { parameterLayout } from "./parameters/parameter-layout.js";

const sizes: CreateModelOptions = {
  architecture: "roberta",
  layers: 1,
  hidden: 32,
  heads: 2,
  vocabularySize: 500,
  maxLength: 10,
};
let backend: Backend;
beforeAll(async () => {
  backend = await startBackend("cpu");
});
afterAll(() => backend.dispose());

const valuesOf = async (options: CreateModelOptions, seed: number) => {
  const model = await createModel(options, Random.fromSeed(seed));
  const values = new Map<string, Float32Array>();
  for (const [name, variable] of model.parameters) values.set(name, (await variable.data()) as Float32Array);
  model.dispose();
  return values;
};

describe("a fresh model", () => {
  it("has matrices of mean 0 and standard deviation 0.02, biases of 0 and layer norms of 1", async () => {
    for (const [name, values] of await valuesOf(sizes, 3)) {
      if (/norm\.weight$/i.test(name)) expect(new Set(values), name).toEqual(new Set([1]));
      else if (name.endsWith(".bias")) expect(new Set(values), name).toEqual(new Set([0]));
      else {
        const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
        const square = values.reduce((sum, value) => sum + value ** 2, 0) / values.length;
        // Five standard errors each, a false alarm in about 1e5 seeds over the 12 matrices.
        expect(Math.abs(mean) / 0.02, name).toBeLessThan(5 / Math.sqrt(values.length));
        expect(Math.abs(square / 0.02 ** 2 - 1), name).toBeLessThan(5 * Math.sqrt(2 / values.length));
      }
    }
  });

  it("is the same for the same seed, and keyed by name: a deeper model begins with the shallow one's layers", async () => {
    const shallow = await valuesOf(sizes, 3);
    expect(await valuesOf(sizes, 3)).toEqual(shallow);
    const deep = await valuesOf({ ...sizes, layers: 2 }, 3);
    for (const [name, values] of shallow) expect(deep.get(name), name).toEqual(values);
    const query = "roberta.encoder.layer.0.attention.self.query.weight";
    expect((await valuesOf(sizes, 4)).get(query)).not.toEqual(shallow.get(query));
    expect(deep.get(query)).not.toEqual(deep.get(query.replace("layer.0", "layer.1")));
  });

  it("allows rows of maxLength, beside the positions that RoBERTa leaves unused", async () => {
    for (const padId of [0, 1, 7]) {
      const model = await createModel({ ...sizes, padId }, Random.fromSeed(1));
      expect(model.maxLength).toBe(10);
      expect(model.config.positions).toBe(10 + padId + 1);
      model.dispose();
    }
    const bert = await createModel({ ...sizes, architecture: "bert" }, Random.fromSeed(1));
    expect([bert.maxLength, bert.config.positions, bert.config.padId]).toEqual([10, 10, 0]);
    bert.dispose();
  });

  it.each<[string, object, RegExp]>([
    ["an unknown option", { depth: 3 }, /depth.*Options: architecture, layers.*UNKNOWN_OPTION/],
    ["an unknown architecture", { architecture: "gpt" }, /architecture.*CONFIG_INVALID/],
    ["heads that do not divide", { heads: 5 }, /heads must divide hidden.*CONFIG_INVALID/],
    ["a fraction", { layers: 1.5 }, /layers.*CONFIG_INVALID/],
    ["nothing", { hidden: 0 }, /hidden.*CONFIG_INVALID/],
    ["a rate of 1", { dropout: 1 }, /dropout.*CONFIG_INVALID/],
    ["a pad id outside", { padId: 500 }, /padId must be below vocabularySize.*CONFIG_INVALID/],
  ])("is refused for %s", async (_, overrides, message) => {
    const options = { ...sizes, ...overrides } as CreateModelOptions;
    await expect(createModel(options, Random.fromSeed(1))).rejects.toThrow(message);
  });
});

describe("the layout of the published models", () => {
  const size = (overrides: object) => {
    const config = decodeEncoderConfig(
      {
        hidden_size: 768,
        num_hidden_layers: 12,
        num_attention_heads: 12,
        intermediate_size: 3072,
        ...overrides,
      },
      "a published config",
    );
    return [...parameterLayout(config).values()].reduce(
      (total, { shape }) => total + shape.reduce((product, length) => product * length, 1),
      0,
    );
  };

  it("has the parameters that transformers counts in RobertaForMaskedLM of roberta-base", () => {
    const sizes = { vocab_size: 50265, max_position_embeddings: 514, type_vocab_size: 1 };
    expect(size({ model_type: "roberta", ...sizes })).toBe(124_697_433);
  });

  it("and in BertForMaskedLM of bert-base-uncased", () => {
    const sizes = { vocab_size: 30522, max_position_embeddings: 512, type_vocab_size: 2 };
    expect(size({ model_type: "bert", ...sizes })).toBe(109_514_298);
  });
});
