import { DiffusionError, type NamedArray, type Random } from "@textdiffusion/core";
import { z } from "zod";
import type { EncoderConfig } from "./config/encoder-config.js";
import { defaultPadId } from "./config/hugging-face-config.js";
import { type EncoderModel, encoderModel } from "./encoder/encoder-model.js";
import { neighbourHeadsDeviation, shapeNeighbourHeads } from "./parameters/neighbour-heads.js";
import { parameterLayout } from "./parameters/parameter-layout.js";

/** Sizes of a model that begins from nothing. */
export interface CreateModelOptions {
  readonly architecture: "bert" | "roberta";
  readonly layers: number;
  /** Width of the residual stream. */
  readonly hidden: number;
  /** Divides `hidden`. */
  readonly heads: number;
  /** Width inside the feed-forward layers. Default `4 * hidden`. */
  readonly feedForward?: number;
  readonly vocabularySize: number;
  /** Longest row, in tokens. */
  readonly maxLength: number;
  /** Rate of both dropouts. Default 0.1, as published; 0 suits small texts seen once. */
  readonly dropout?: number;
  /** Default 1 for RoBERTa and 0 for BERT, as published. */
  readonly padId?: number;
  /**
   * `published` (default): normal with standard deviation 0.02, as transformers initialises. `neighbour-heads`: each
   * attention head starts out looking at one neighbour, which lets small models learn from the first minutes on; see
   * `neighbour-heads.ts`.
   */
  readonly initialization?: "neighbour-heads" | "published";
}

/**
 * A fresh model on the current tfjs backend: linear layers and embeddings normal, biases 0, layer norms 1. Each weight has its own stream, keyed by its name, so one that
 * two models share by name and shape is the same in both.
 *
 * @returns the model; `dispose()` frees every weight
 * @throws DiffusionError `CONFIG_INVALID`, `UNKNOWN_OPTION`
 */
export async function createModel(options: CreateModelOptions, random: Random): Promise<EncoderModel> {
  const { config, initialization } = freshConfig(options);
  const layout = parameterLayout(config);
  return encoderModel(config, (name, shape) => {
    const data = new Float32Array(shape.reduce((product, size) => product * size, 1));
    const { initial } = layout.get(name) as { initial: "normal" | "ones" | "zeros" };
    if (initial === "ones") data.fill(1);
    if (initial === "normal") random.split(name).fillNormal(data, config.initializerRange);
    if (initialization === "neighbour-heads") shapeNeighbourHeads(config, name, data);
    return { shape, data } satisfies NamedArray;
  });
}

// --- internal ---

const size = z.int().positive();
const schema = z
  .strictObject({
    architecture: z.enum(["bert", "roberta"]),
    layers: size,
    hidden: size,
    heads: size,
    feedForward: size.optional(),
    vocabularySize: size,
    maxLength: size,
    dropout: z.number().min(0).lt(1).default(0.1),
    padId: z.int().min(0).optional(),
    initialization: z.enum(["neighbour-heads", "published"]).default("published"),
  })
  .refine(({ hidden, heads }) => hidden % heads === 0, { path: ["heads"], message: "must divide hidden" })
  .refine(({ padId, vocabularySize }) => (padId ?? 0) < vocabularySize, {
    path: ["padId"],
    message: "must be below vocabularySize",
  });

function freshConfig(options: CreateModelOptions): {
  config: EncoderConfig;
  initialization: "neighbour-heads" | "published";
} {
  const result = schema.safeParse(options);
  if (!result.success) {
    const [issue] = result.error.issues;
    throw new DiffusionError({
      code: issue.code === "unrecognized_keys" ? "UNKNOWN_OPTION" : "CONFIG_INVALID",
      component: "models/create",
      problem: `expected valid sizes of a model, got ${JSON.stringify(options)}: ${[issue.path.join("."), issue.message].filter(Boolean).join(" ")}`,
      remedy: `Options: ${Object.keys(schema.shape).join(", ")}`,
    });
  }
  const { architecture, hidden, maxLength, dropout, initialization, ...sizes } = result.data;
  const padId = sizes.padId ?? defaultPadId[architecture];
  const config: EncoderConfig = {
    architecture,
    hidden,
    vocabularySize: sizes.vocabularySize,
    layers: sizes.layers,
    heads: sizes.heads,
    feedForward: sizes.feedForward ?? 4 * hidden,
    positions: architecture === "roberta" ? maxLength + padId + 1 : maxLength,
    tokenTypes: architecture === "roberta" ? 1 : 2,
    layerNormEpsilon: architecture === "roberta" ? 1e-5 : 1e-12, // from the published config.json of each
    activation: "gelu",
    hiddenDropout: dropout,
    attentionDropout: dropout,
    padId,
    tiedEmbeddings: true,
    initializerRange: initialization === "published" ? 0.02 : neighbourHeadsDeviation(hidden),
    source: {},
  };
  return { config, initialization };
}
