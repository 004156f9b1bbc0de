import { describe, expect, it } from "vitest";
import { decodeEncoderConfig, encodeEncoderConfig } from "./hugging-face-config.js";

const sizes = {
  vocab_size: 100,
  hidden_size: 24,
  num_hidden_layers: 2,
  num_attention_heads: 4,
  intermediate_size: 48,
  max_position_embeddings: 20,
};
const decode = (overrides: object) =>
  decodeEncoderConfig({ model_type: "roberta", ...sizes, ...overrides }, "folder/config.json");

describe("config.json", () => {
  it("has transformers' defaults where keys are missing", () => {
    expect(decode({})).toMatchObject({
      tokenTypes: 2,
      layerNormEpsilon: 1e-12,
      activation: "gelu",
      hiddenDropout: 0.1,
      attentionDropout: 0.1,
      padId: 1,
      tiedEmbeddings: true,
      initializerRange: 0.02,
    });
    expect(decode({ model_type: "bert" }).padId).toBe(0);
    expect(decode({ model_type: "bert", pad_token_id: null }).padId).toBe(0);
  });

  it("gives back keys that mean nothing here, and what it was read with", () => {
    const json = {
      model_type: "bert",
      ...sizes,
      type_vocab_size: 3,
      layer_norm_eps: 1e-7,
      hidden_act: "gelu_new",
      hidden_dropout_prob: 0,
      attention_probs_dropout_prob: 0.3,
      pad_token_id: 5,
      tie_word_embeddings: false,
      initializer_range: 0.1,
      position_embedding_type: "absolute",
      is_decoder: false,
      bos_token_id: 7,
      transformers_version: "4.41.0",
      id2label: { 0: "a" },
    };
    expect(encodeEncoderConfig(decodeEncoderConfig(json, "config.json"))).toEqual({
      ...json,
      architectures: ["BertForMaskedLM"],
      torch_dtype: "float32",
    });
  });

  it("says the number format once, as older and newer transformers read it", () => {
    const written = encodeEncoderConfig(decode({ dtype: "bfloat16" }), "float16");
    expect(written.torch_dtype).toBe("float16");
    expect(written).not.toHaveProperty("dtype");
  });

  it.each<[string, object, RegExp]>([
    ["another model", { model_type: "modernbert" }, /"bert" or "roberta", got "modernbert".*UNSUPPORTED/],
    ["a model named after a method", { model_type: "constructor" }, /got "constructor".*UNSUPPORTED/],
    ["no model type", { model_type: undefined }, /model_type.*MODEL_INVALID/],
    [
      "relative positions",
      { position_embedding_type: "relative_key" },
      /position_embedding_type, got "relative_key".*UNSUPPORTED/,
    ],
    ["another activation", { hidden_act: "swish" }, /hidden_act, got "swish".*gelu_new.*UNSUPPORTED/],
    ["a decoder", { is_decoder: true }, /is_decoder, got true.*UNSUPPORTED/],
    ["cross attention", { add_cross_attention: true }, /add_cross_attention.*UNSUPPORTED/],
    ["quantised weights", { quantization_config: { bits: 4 } }, /quantization_config.*UNSUPPORTED/],
    ["no size", { hidden_size: undefined }, /hidden_size, got undefined.*MODEL_INVALID/],
    ["a size in words", { num_hidden_layers: "two" }, /num_hidden_layers, got "two".*MODEL_INVALID/],
    ["heads that do not divide", { num_attention_heads: 5 }, /divide hidden_size 24, got 5.*MODEL_INVALID/],
    ["a pad id outside", { pad_token_id: 100 }, /below vocab_size 100, got 100.*MODEL_INVALID/],
    ["no room for positions", { max_position_embeddings: 2 }, /above 2.*got 2.*MODEL_INVALID/],
    ["a dropout of 1", { hidden_dropout_prob: 1 }, /hidden_dropout_prob.*MODEL_INVALID/],
  ])("refuses %s, naming the file and the value", (_, overrides, message) => {
    expect(() => decode(overrides)).toThrow(message);
    expect(() => decode(overrides)).toThrow(/folder\/config\.json/);
  });

  it.each([null, 3, "roberta", []])("refuses %j", (json) => {
    expect(() => decodeEncoderConfig(json, "config.json")).toThrow(/MODEL_INVALID/);
  });
});
