import { DiffusionError } from "@textdiffusion/core";
import { z } from "zod";
import type { ArchitectureName, EncoderConfig } from "./encoder-config.js";

/**
 * Reads the contents of a Hugging Face `config.json` of a BERT or RoBERTa model. Keys that are missing have
 * transformers' own defaults; sizes must be there.
 *
 * @param json - the parsed file
 * @param source - the file's name, for messages
 * @throws DiffusionError `UNSUPPORTED` for a model or a value that is not built here, `MODEL_INVALID` for nonsense
 */
export function decodeEncoderConfig(json: unknown, source: string): EncoderConfig {
  const modelType = z.looseObject({ model_type: z.string() }).safeParse(json);
  if (!modelType.success) throw invalid(source, "expected an object with a model_type, got none");
  const architecture = modelType.data.model_type;
  if (!isArchitecture(architecture)) {
    throw unsupported(
      source,
      `expected model_type "bert" or "roberta", got ${JSON.stringify(architecture)}`,
      "Use a BERT or RoBERTa checkpoint",
    );
  }
  const result = schema.safeParse(json);
  if (!result.success) {
    const [issue] = result.error.issues;
    const found = (json as Record<string, unknown>)[String(issue.path[0])];
    const problem = `expected a valid ${issue.path.join(".")}, got ${JSON.stringify(found)}: ${issue.message}`;
    throw issue.code === "invalid_value"
      ? unsupported(source, problem, "Use a checkpoint without it")
      : invalid(source, problem);
  }
  const config = result.data;
  const padId = config.pad_token_id ?? defaultPadId[architecture];
  if (config.hidden_size % config.num_attention_heads !== 0) {
    throw invalid(
      source,
      `expected num_attention_heads to divide hidden_size ${config.hidden_size}, got ${config.num_attention_heads}`,
    );
  }
  if (padId >= config.vocab_size) {
    throw invalid(source, `expected pad_token_id below vocab_size ${config.vocab_size}, got ${padId}`);
  }
  if (architecture === "roberta" && config.max_position_embeddings <= padId + 1) {
    throw invalid(
      source,
      `expected max_position_embeddings above ${padId + 1}, the positions that RoBERTa leaves unused, got ${config.max_position_embeddings}`,
    );
  }
  return {
    architecture,
    vocabularySize: config.vocab_size,
    hidden: config.hidden_size,
    layers: config.num_hidden_layers,
    heads: config.num_attention_heads,
    feedForward: config.intermediate_size,
    positions: config.max_position_embeddings,
    tokenTypes: config.type_vocab_size,
    layerNormEpsilon: config.layer_norm_eps,
    activation: config.hidden_act,
    hiddenDropout: config.hidden_dropout_prob,
    attentionDropout: config.attention_probs_dropout_prob,
    padId,
    tiedEmbeddings: config.tie_word_embeddings,
    initializerRange: config.initializer_range,
    source: json as Record<string, unknown>,
  };
}

/** The contents of the `config.json` with which Python's `AutoModelForMaskedLM` opens the model. */
export function encodeEncoderConfig(
  config: EncoderConfig,
  torchDtype: "float32" | "float16" = "float32",
): Record<string, unknown> {
  const { dtype: _, ...source } = config.source; // transformers 5 writes `dtype` for what was `torch_dtype`
  return {
    ...source,
    architectures: [pythonClass[config.architecture]],
    model_type: config.architecture,
    vocab_size: config.vocabularySize,
    hidden_size: config.hidden,
    num_hidden_layers: config.layers,
    num_attention_heads: config.heads,
    intermediate_size: config.feedForward,
    max_position_embeddings: config.positions,
    type_vocab_size: config.tokenTypes,
    layer_norm_eps: config.layerNormEpsilon,
    hidden_act: config.activation,
    hidden_dropout_prob: config.hiddenDropout,
    attention_probs_dropout_prob: config.attentionDropout,
    pad_token_id: config.padId,
    tie_word_embeddings: config.tiedEmbeddings,
    initializer_range: config.initializerRange,
    torch_dtype: torchDtype,
  };
}

/** The pad id of the published models, and transformers' default. */
export const defaultPadId: Readonly<Record<ArchitectureName, number>> = { bert: 0, roberta: 1 };

// --- internal ---

const pythonClass: Readonly<Record<ArchitectureName, string>> = {
  bert: "BertForMaskedLM",
  roberta: "RobertaForMaskedLM",
};

function isArchitecture(name: string): name is ArchitectureName {
  return Object.hasOwn(defaultPadId, name);
}

const size = z.int().positive();
const rate = z.number().min(0).lt(1);
/** A switch that changes the model in a way that is not built here. */
const off = z.literal(false).nullish();

const schema = z.looseObject({
  vocab_size: size,
  hidden_size: size,
  num_hidden_layers: size,
  num_attention_heads: size,
  intermediate_size: size,
  max_position_embeddings: size,
  type_vocab_size: size.default(2),
  layer_norm_eps: z.number().positive().default(1e-12),
  hidden_act: z.enum(["gelu", "gelu_new", "gelu_pytorch_tanh", "relu"]).default("gelu"),
  hidden_dropout_prob: rate.default(0.1),
  attention_probs_dropout_prob: rate.default(0.1),
  pad_token_id: z.int().min(0).nullish(),
  tie_word_embeddings: z.boolean().default(true),
  initializer_range: z.number().positive().default(0.02),
  position_embedding_type: z.enum(["absolute"]).nullish(),
  is_decoder: off,
  add_cross_attention: off,
  quantization_config: off,
});

function invalid(source: string, problem: string): DiffusionError {
  return new DiffusionError({
    code: "MODEL_INVALID",
    component: "models/config",
    problem: `${source}: ${problem}`,
    remedy: "Take the config.json that belongs to the weights",
    details: { source },
  });
}

function unsupported(source: string, problem: string, remedy: string): DiffusionError {
  return new DiffusionError({
    code: "UNSUPPORTED",
    component: "models/config",
    problem: `${source}: ${problem}`,
    remedy,
    details: { source },
  });
}
