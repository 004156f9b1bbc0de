import { byName, DiffusionError, namedChoice, type Random, type Tokenizer } from "@textdiffusion/core";
import { byteLevelTokenizer, type FileTokenizer, loadTokenizer } from "@textdiffusion/data";
import { createModel, type EncoderModel, loadModel, type ModelRecord } from "@textdiffusion/models";
import { decodeTrainingOptions, type TrainingOptions } from "@textdiffusion/training";
import type { DecodedConfig } from "./config.js";
import { assertTokenizerFits } from "./huggingface-denoiser.js";
import { modelRecordOf, newModelRecord } from "./model-defaults.js";

/** What a run is, before anything heavy is made: every choice that the config left open is made here. */
export interface TrainingPlan {
  readonly tokenizer: FileTokenizer;
  /** What the model folder will say of itself, without its training. */
  readonly record: ModelRecord;
  /**
   * How the run goes, once it is known how many rows an epoch has: undefined where nobody knows.
   *
   * @throws DiffusionError `CONFIG_INVALID`
   */
  optionsFor(rowCount: number | undefined): Promise<TrainingOptions>;
  readonly modelOptions: DecodedConfig["model"];
}

/** @throws DiffusionError `CONFIG_INVALID`, `FILE_NOT_FOUND`, `MODEL_INVALID` */
export async function planTraining(config: DecodedConfig): Promise<TrainingPlan> {
  const { from } = config.model;
  if (from !== "new") assertNoSizes(config.model);
  const isNew = from === "new";
  const saved = isNew ? newModelRecord : await modelRecordOf(from);
  const { rowLength = saved.rowLength } = config.data;
  const base = config.data.format === "pairs" ? recordForPairs(saved, rowLength) : saved;
  const { frame = base.frame } = config.data;
  if (config.data.format === "pairs" && !frame) throw unframedPairs();
  const record: ModelRecord = {
    formatVersion: 1,
    rowLength,
    frame,
    schedule: recorded(config.schedule ?? byName(base.schedule)),
    collator: recorded(config.collator ?? byName(base.collator)),
    sampler: recorded(config.sampler ?? byName(base.sampler)),
    logitAlignment: config.model.logitAlignment ?? base.logitAlignment,
  };
  const { epochs, callbacks: _, ...training } = config.training;
  if (epochs !== undefined && training.steps !== undefined) throw stepsAndEpochs();
  return {
    tokenizer: await tokenizerOf(config.model, rowLength),
    record,
    optionsFor: async (rowCount) => {
      if (rowCount === undefined) assertNoEpochs(config.training);
      const stepsAnEpoch = (rowCount ?? 0) / (training.batchSize * training.accumulate);
      const every = (interval: number | "epoch") =>
        interval === "epoch" ? Math.max(1, Math.round(stepsAnEpoch)) : interval;
      const steps = epochs === undefined ? (training.steps ?? 1000) : Math.ceil(epochs * stepsAnEpoch);
      return decodeTrainingOptions({
        ...training,
        steps,
        learningRate: training.learningRate ?? (isNew ? 1e-3 : 1e-4),
        warmupSteps: training.warmupSteps ?? Math.floor(steps / 20),
        evaluateEvery: every(training.evaluateEvery),
        saveEvery: every(training.saveEvery),
      });
    },
    modelOptions: config.model,
  };
}

/**
 * The model that a run begins with, on the backend that was started last.
 *
 * @returns the caller disposes of it
 * @throws DiffusionError `CONFIG_INVALID` for sizes that make no model and for rows longer than it can read, and what
 *   `loadModel` throws
 */
export async function openTrainingModel(
  { from, logitAlignment: _, tokenizer: __, ...sizes }: DecodedConfig["model"],
  tokenizer: Tokenizer,
  { rowLength }: ModelRecord,
  random: Random,
): Promise<EncoderModel> {
  if (from === "new") {
    const { vocabularySize, special } = tokenizer;
    const given = Object.fromEntries(Object.entries(sizes).filter(([, value]) => value !== undefined));
    return createModel(
      { ...newModelSizes, ...given, vocabularySize, maxLength: rowLength, padId: special.pad },
      random,
    );
  }
  const model = await loadModel(from);
  try {
    assertTokenizerFits(from, tokenizer.vocabularySize, model.vocabularySize);
    if (rowLength <= model.maxLength) return model;
    throw new DiffusionError({
      code: "CONFIG_INVALID",
      component: "textdiffusion/train",
      problem: `expected rows of at most ${model.maxLength} tokens, the most that ${from} can read, got ${rowLength}`,
      remedy: "Use a smaller data.rowLength (--row-length on the command line)",
    });
  } catch (error) {
    model.dispose();
    throw error;
  }
}

// --- internal ---

function tokenizerOf(
  { from, tokenizer }: DecodedConfig["model"],
  rowLength: number,
): Promise<FileTokenizer> | FileTokenizer {
  if (from !== "new") return loadTokenizer(from);
  return tokenizer === undefined ? byteLevelTokenizer({ maxLength: rowLength }) : loadTokenizer(tokenizer);
}

/** Small enough for a processor. Runs that are short against their text do better without dropout. */
const newModelSizes = {
  architecture: "roberta",
  layers: 4,
  hidden: 128,
  heads: 4,
  dropout: 0,
  initialization: "neighbour-heads",
} as const;

/** Pairs end in end tokens that are learnt; rows of one length keep the model's graphs few. */
function recordForPairs(record: ModelRecord, rowLength: number): ModelRecord {
  return { ...record, frame: true, collator: { name: "prompt-response", rowLength } };
}

function stepsAndEpochs(): DiffusionError {
  return new DiffusionError({
    code: "CONFIG_INVALID",
    component: "textdiffusion/train",
    problem: "expected training.steps or training.epochs, got both",
    remedy: "Leave one of them out",
  });
}

/** @throws DiffusionError `CONFIG_INVALID` */
function assertNoEpochs({ epochs, evaluateEvery, saveEvery }: DecodedConfig["training"]): void {
  if (epochs === undefined && evaluateEvery !== "epoch" && saveEvery !== "epoch") return;
  throw new DiffusionError({
    code: "CONFIG_INVALID",
    component: "textdiffusion/train",
    problem:
      "expected a run in steps with data.streaming, which does not know how long an epoch is, got epochs",
    remedy: "Use training.steps, and numbers for evaluateEvery and saveEvery",
  });
}

function unframedPairs(): DiffusionError {
  return new DiffusionError({
    code: "CONFIG_INVALID",
    component: "textdiffusion/train",
    problem: "expected pairs between begin and end tokens, got data.frame: false",
    remedy: "Leave data.frame out",
  });
}

/** What a folder says of a component: one that was passed as a value is known by its name alone, wherever it is nested. */
function recorded(choice: Parameters<typeof namedChoice>[0]): ReturnType<typeof namedChoice> {
  return withNames(namedChoice(choice)) as ReturnType<typeof namedChoice>;
}

function withNames(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(withNames);
  if ("passedAsValue" in value) return (value as { readonly name?: unknown }).name;
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, withNames(part)]));
}

/** @throws DiffusionError `CONFIG_INVALID` */
function assertNoSizes({ from, logitAlignment: _, ...sizes }: DecodedConfig["model"]): void {
  const said = Object.entries(sizes).filter(([, value]) => value !== undefined);
  if (said.length === 0) return;
  const names = said.map(([name]) => `model.${name}`).join(", ");
  throw new DiffusionError({
    code: "CONFIG_INVALID",
    component: "textdiffusion/train",
    problem: `expected no ${names} with a model that has its sizes already, got both for ${from}`,
    remedy: 'Leave the sizes out, or begin with a "new" model',
  });
}
