import type { WeightType } from "@textdiffusion/backend-node";
import { type ComponentChoice, decodeOptions, type Plugin } from "@textdiffusion/core";
import { documentUnits } from "@textdiffusion/data";
import { trainingOptionsSchema } from "@textdiffusion/training";
import { z } from "zod";
import { weightTypeSchema } from "./weight-type.js";

const count = z.int().positive();

const whereDocumentsAre = {
  file: z
    .string()
    .min(1)
    .optional()
    .describe(
      "UTF-8 text, also in gzip; JSON Lines (.jsonl) or Parquet with a field text; a folder or a pattern of such",
    ),
  source: z.unknown().optional().describe("where documents come from, in place of file"),
};

const dataSchema = z.strictObject({
  ...whereDocumentsAre,
  // No default here: what a checkpoint knows its data by must stay as it was.
  format: z
    .enum(["text", "pairs"])
    .optional()
    .describe(
      'what the file holds: text, whatever its name ends in, or pairs, a line of JSON each with "prompt" and "response"; default by its name',
    ),
  rowLength: count
    .min(4)
    .optional()
    .describe("tokens of a row; default 128, or what the model was trained with"),
  documents: z.enum(documentUnits).default("file").describe("what counts as one document"),
  frame: z
    .boolean()
    .optional()
    .describe(
      "put begin and end tokens around each document; default as the model was trained, a new one: false",
    ),
  shiftRows: z
    .boolean()
    .optional()
    .describe(
      "cut the text into rows at another place in each epoch, for texts that are read many times; default false",
    ),
  // No default here either.
  split: z
    .enum(["end", "hash"])
    .optional()
    .describe(
      "what is held out: the end of the text, or documents by a hash of each, pairs by one of the prompt; default end",
    ),
  validationShare: z
    .number()
    .min(0)
    .max(0.5)
    .optional()
    .describe("share of the text that is held out; default 0.1 where that makes a row, else 0"),
  validation: z
    .strictObject(whereDocumentsAre)
    .optional()
    .describe("documents to validate on, in place of a share of those to train on"),
  streaming: z
    .boolean()
    .optional()
    .describe("read the data while it is trained on, for data that is larger than memory; default false"),
  shuffleBuffer: count
    .optional()
    .describe("of streaming: rows that are read and shuffled together; default 4096"),
});

const modelSchema = z.strictObject({
  from: z
    .string()
    .default("new")
    .describe('"new", or a Hugging Face folder; in the textdiffusion command owner/name of the Hub, too'),
  tokenizer: z
    .string()
    .optional()
    .describe("of a new model: a folder with a tokenizer.json; default one token a byte"),
  architecture: z.enum(["bert", "roberta"]).optional().describe("of a new model; default roberta"),
  layers: count.optional().describe("of a new model; default 4"),
  hidden: count.optional().describe("width of a new model; default 128"),
  heads: count.optional().describe("attention heads of a new model; default 4"),
  feedForward: count.optional().describe("width inside the layers of a new model; default 4 * hidden"),
  dropout: z.number().min(0).lt(1).optional().describe("of a new model; default 0"),
  initialization: z
    .enum(["neighbour-heads", "published"])
    .optional()
    .describe("of a new model; default neighbour-heads, with which small models learn sooner"),
  logitAlignment: z
    .enum(["same", "next"])
    .optional()
    .describe(
      "which token a position predicts; next for models from autoregressive ones; default as it was, new: same",
    ),
});

/** Steps, or once an epoch. */
const interval = z.union([count, z.literal("epoch")]);

const trainingSchema = z.strictObject({
  ...trainingOptionsSchema.shape,
  steps: trainingOptionsSchema.shape.steps.optional().describe("optimizer steps; default 1000"),
  epochs: z.number().positive().optional().describe("passes over the text, in place of steps"),
  evaluateEvery: interval.default(500).describe('steps between validations, or "epoch"'),
  saveEvery: interval.default(500).describe('steps between checkpoints, or "epoch"'),
  learningRate: trainingOptionsSchema.shape.learningRate
    .removeDefault()
    .optional()
    .describe("default 1e-3 for a new model, 1e-4 for one that was trained before"),
  warmupSteps: trainingOptionsSchema.shape.warmupSteps
    .removeDefault()
    .optional()
    .describe("default a twentieth of the steps"),
  callbacks: z.array(z.unknown()).optional().describe("who watches the run, and may stop it"),
});

/** Every key of a config file with all that is known of its value, for `configJsonSchema`. */
export const configFileSchema = z.strictObject({
  $schema: z.string().optional().describe("where editors find what a config may say; nothing else reads it"),
  plugins: z
    .array(z.string())
    .optional()
    .describe("packages of plugins, found from where this file lies; npm install them there"),
  backend: z.unknown().optional().describe("where to compute; default auto"),
  schedule: z
    .unknown()
    .optional()
    .describe("how noise grows with time; default linear, or what the model was trained with"),
  collator: z
    .unknown()
    .optional()
    .describe("how training noises rows; default stratified, for pairs prompt-response"),
  sampler: z
    .unknown()
    .optional()
    .describe("how generation reveals tokens; default confidence, or what the model folder says"),
  denoiser: z
    .unknown()
    .optional()
    .describe("what computes the model and what wraps it; default its weights, or its ONNX file without any"),
  dtype: weightTypeSchema.optional(),
  data: dataSchema.optional().describe("what to train on"),
  model: modelSchema.optional().describe("what to train: a new model, or one to go on from"),
  training: trainingSchema.optional().describe("how to train"),
});

/** Parts with a schema of their own are looked at by that one, whose errors say where they are. */
const configSchema = configFileSchema.extend({
  plugins: z.array(z.unknown()).default([]),
  data: z.unknown().optional(),
  model: z.unknown().optional(),
  training: z.unknown().optional(),
});

interface SourceChoice {
  readonly source?: ComponentChoice<"source">;
}

export type DataOptions = Omit<z.input<typeof dataSchema>, "source" | "validation"> &
  SourceChoice & { readonly validation?: { readonly file?: string } & SourceChoice };
export type ModelOptions = z.input<typeof modelSchema>;
export type TrainingSettings = Omit<z.input<typeof trainingSchema>, "callbacks"> & {
  readonly callbacks?: readonly ComponentChoice<"callback">[];
};

/** What a config file holds; `train` and `generate` each use the part that concerns them. */
export interface TextDiffusionConfig {
  /** Where editors find the JSON Schema of a JSON config. Nothing else reads it. */
  readonly $schema?: string;
  /** Besides the default ones. In a config file of the command, names of packages may stand here, too. */
  readonly plugins?: readonly (Plugin | string)[];
  readonly backend?: ComponentChoice<"backend">;
  readonly schedule?: ComponentChoice<"schedule">;
  readonly collator?: ComponentChoice<"collator">;
  readonly sampler?: ComponentChoice<"sampler">;
  /**
   * What computes the model, `"onnx"` or `"huggingface"`, and what wraps it: `{ name: "guided", scale: 1.5 }`. Where the
   * innermost leaves out its denoiser, it is the model: by the weights of its folder, or by its ONNX file without any.
   */
  readonly denoiser?: ComponentChoice<"denoiser">;
  /** How weights are held when the model writes or is evaluated. Default "fp32"; "q8" is faster and less exact. */
  readonly dtype?: WeightType;
  readonly data?: DataOptions;
  readonly model?: ModelOptions;
  readonly training?: TrainingSettings;
}

/** A config whose every key and value has been looked at, defaults filled in. */
export interface DecodedConfig extends Omit<TextDiffusionConfig, "plugins" | "data" | "model" | "training"> {
  readonly plugins: readonly Plugin[];
  readonly data: Omit<z.output<typeof dataSchema>, "source" | "validation"> &
    Pick<DataOptions, "source" | "validation">;
  readonly model: z.output<typeof modelSchema>;
  readonly training: Omit<z.output<typeof trainingSchema>, "callbacks"> & Pick<TrainingSettings, "callbacks">;
}

/**
 * Checks a config: unknown keys are errors that list the known ones. The options of components are checked when they
 * are composed, by their own schemas.
 *
 * @throws DiffusionError `UNKNOWN_OPTION`, `CONFIG_INVALID`
 */
export async function decodeConfig(config: TextDiffusionConfig): Promise<DecodedConfig> {
  const { $schema: _, ...parts } = await decodeOptions(configSchema, config, "config", "the config");
  return {
    ...(parts as TextDiffusionConfig),
    plugins: parts.plugins as Plugin[],
    data: (await decodeOptions(dataSchema, parts.data ?? {}, "data", "data")) as DecodedConfig["data"],
    model: await decodeOptions(modelSchema, parts.model ?? {}, "model", "model"),
    training: (await decodeOptions(
      trainingSchema,
      parts.training ?? {},
      "training",
      "training",
    )) as DecodedConfig["training"],
  };
}

/** Returns the config as it is, with its names and options checked against the components that the types know. */
export function defineConfig(config: TextDiffusionConfig): TextDiffusionConfig {
  return config;
}
