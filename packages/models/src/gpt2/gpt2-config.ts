import { DiffusionError, type ErrorCode } from "@textdiffusion/core";
import { z } from "zod";
import type { Activation } from "../config/encoder-config.js";

/** What the numbers of a GPT-2 mean: the part of a Hugging Face `config.json` that changes its answer. */
export interface Gpt2Config {
  /** Rows of the token embedding, which is also the matrix of the head. */
  readonly vocabularySize: number;
  /** Width of the residual stream. */
  readonly hidden: number;
  readonly layers: number;
  /** Attention heads; divides `hidden`. */
  readonly heads: number;
  /** Width inside the feed-forward layers. */
  readonly feedForward: number;
  /** Rows of the position embedding: the longest row. */
  readonly positions: number;
  readonly layerNormEpsilon: number;
  readonly activation: Activation;
  /** The token that a text without a prompt begins after. */
  readonly beginId: number | undefined;
}

/**
 * Reads the contents of a Hugging Face `config.json` of a GPT-2 model. Keys that are missing have transformers' own
 * defaults; sizes must be there.
 *
 * @param source - the file's name, for messages
 * @throws DiffusionError `UNSUPPORTED` for a model or a value that is not built here, `MODEL_INVALID` for nonsense
 */
export function decodeGpt2Config(json: unknown, source: string): Gpt2Config {
  const modelType = z.looseObject({ model_type: z.string() }).safeParse(json);
  if (!modelType.success)
    throw failed("MODEL_INVALID", source, "expected an object with a model_type, got none");
  if (modelType.data.model_type !== "gpt2") {
    const found = JSON.stringify(modelType.data.model_type);
    throw failed("UNSUPPORTED", source, `expected model_type "gpt2", got ${found}`);
  }
  const result = schema.safeParse(json);
  if (!result.success) {
    const [issue] = result.error.issues;
    const found = JSON.stringify((json as Record<string, unknown>)[String(issue.path[0])]);
    const code = issue.code === "invalid_value" ? "UNSUPPORTED" : "MODEL_INVALID";
    throw failed(
      code,
      source,
      `expected a valid ${issue.path.join(".")}, got ${found ?? "none"}: ${issue.message}`,
    );
  }
  const config = result.data;
  if (config.n_embd % config.n_head !== 0) {
    throw failed(
      "MODEL_INVALID",
      source,
      `expected n_head to divide n_embd ${config.n_embd}, got ${config.n_head}`,
    );
  }
  const beginId = config.bos_token_id ?? config.eos_token_id ?? undefined;
  return {
    vocabularySize: config.vocab_size,
    hidden: config.n_embd,
    layers: config.n_layer,
    heads: config.n_head,
    feedForward: config.n_inner ?? 4 * config.n_embd,
    positions: config.n_positions,
    layerNormEpsilon: config.layer_norm_epsilon,
    activation: config.activation_function,
    // Small models keep the ids of the large one's config, which they have no row for.
    beginId: beginId !== undefined && beginId < config.vocab_size ? beginId : undefined,
  };
}

// --- internal ---

const size = z.int().positive();
/** A switch that changes the model in a way that is not built here. */
const off = z.literal(false).nullish();
const on = z.literal(true).nullish();
const id = z.int().min(0).nullish();

const schema = z.looseObject({
  vocab_size: size,
  n_embd: size,
  n_layer: size,
  n_head: size,
  n_positions: size,
  n_inner: size.nullish(),
  layer_norm_epsilon: z.number().positive().default(1e-5),
  activation_function: z.enum(["gelu", "gelu_new", "gelu_pytorch_tanh", "relu"]).default("gelu_new"),
  bos_token_id: id,
  eos_token_id: id,
  tie_word_embeddings: on,
  scale_attn_weights: on,
  scale_attn_by_inverse_layer_idx: off,
  add_cross_attention: off,
  quantization_config: off,
});

function failed(code: ErrorCode, source: string, problem: string): DiffusionError {
  return new DiffusionError({
    code,
    component: "models/gpt2-config",
    problem: `${source}: ${problem}`,
    remedy:
      code === "UNSUPPORTED"
        ? "Use a GPT-2 checkpoint without changes to its layers"
        : "Take the config.json that belongs to the weights",
    details: { source },
  });
}
