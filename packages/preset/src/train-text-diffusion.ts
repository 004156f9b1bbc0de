import { existsSync } from "node:fs";
import { copyFile, readdir, rename } from "node:fs/promises";
import { join, resolve } from "node:path";
import { setImmediate } from "node:timers/promises";
import {
  byName,
  createPipeline,
  DiffusionError,
  type NoisedBatch,
  Random,
  type Tokenizer,
  type TokenRow,
} from "@textdiffusion/core";
import { type EpochRows, epochRows, saveTokenizer, validationBatches } from "@textdiffusion/data";
import {
  type EncoderModel,
  type ModelRecord,
  nextAlignedModel,
  saveModel,
  writeModelRecord,
} from "@textdiffusion/models";
import { createLearner } from "@textdiffusion/training";
import {
  bestModel,
  createMetricsFile,
  openCheckpointFolder,
  type TrainingEvent,
  type TrainingFinished,
  type TrainingOptions,
  train,
} from "@textdiffusion/training/trainer";
import { decodeConfig, type TextDiffusionConfig } from "./config.js";
import { defaultPlugins } from "./default-plugins.js";
import { hashOfTokenizer } from "./prepared/prepared-folder.js";
import type { ReadingObserver } from "./read-documents.js";
import { openCallbacks, writerInTraining } from "./training-callbacks.js";
import { openTrainingModel, planTraining } from "./training-plan.js";
import { trainingRows } from "./training-rows.js";

export interface TrainRequest extends TextDiffusionConfig {
  /** Folder of the model; checkpoints/ and metrics.jsonl lie inside it. */
  readonly out: string;
  /** Go on from the newest checkpoint in `out`, if there is one. Default false: a folder with a run in it is an error. */
  readonly resume?: boolean;
  /** Aborted: the run saves after the step at hand and ends. */
  readonly signal?: AbortSignal;
  readonly onEvent?: (event: TrainingEvent) => void;
  /** Before the first step, after each document of the data. */
  readonly onRead?: ReadingObserver["onRead"];
}

/**
 * How a run ended. The model is in `out` when it is completed, and in a checkpoint when it was aborted; `steps` is 0 for a
 * run in epochs of data that was not read to its end.
 */
export interface TrainOutcome extends Pick<TrainingFinished, "reason" | "step" | "steps" | "stoppedBy"> {
  readonly out: string;
}

/**
 * Trains a model on a text: a new one, or the BERT or RoBERTa of a Hugging Face folder. At the end `out` is a Hugging
 * Face folder itself, with `textdiffusion.json` beside the weights.
 *
 * ```ts
 * await trainTextDiffusion({ data: { file: "fables.txt" }, model: { layers: 3, hidden: 96 }, out: "fables" });
 * ```
 *
 * Bad input is refused before anything is written.
 *
 * @throws DiffusionError `UNKNOWN_COMPONENT`, `UNKNOWN_OPTION`, `CONFIG_INVALID` and `PLUGIN_INVALID` for the config;
 *   `FILE_NOT_FOUND`, `DATA_INVALID`, `MODEL_INVALID` and `UNSUPPORTED` for what is read; `CHECKPOINT_INVALID` for a run
 *   that cannot be resumed, `FILE_NOT_WRITABLE`, `BACKEND_UNAVAILABLE`, `NOT_A_NUMBER`
 */
export async function trainTextDiffusion(request: TrainRequest): Promise<TrainOutcome> {
  const { out, resume, signal, onEvent, onRead, ...config } = request;
  const decoded = await decodeConfig(config);
  const { tokenizer, record, optionsFor, modelOptions } = await planTraining(decoded);
  const callbacks = await openCallbacks(decoded);
  const random = Random.fromSeed(decoded.training.seed);
  const { data, plugins } = decoded;
  const { rowLength, frame } = record;
  const of = { tokenizer, data, plugins, rowLength, frame, observer: { signal, onRead } };
  const rows = await trainingRows(of, random).catch((error: unknown) => {
    if (DiffusionError.is(error, "ABORTED")) return undefined;
    throw error;
  });
  if (rows === undefined) return { out, reason: "aborted", step: 0, steps: decoded.training.steps ?? 0 };
  const owned: { dispose?(): void | Promise<void> }[] = [rows];
  try {
    const options = await optionsFor(rows.train.rowCount);
    assertOutIsFree(out, modelOptions.from);
    // Whoever piped the data in heard the same Ctrl-C: what came may be half of it, and no run begins with that.
    if (signal?.aborted) return { out, reason: "aborted", step: 0, steps: options.steps };
    const pipeline = await createPipeline({
      plugins: [...defaultPlugins, ...decoded.plugins],
      backend: decoded.backend ?? "auto",
      tokenizer,
      schedule: decoded.schedule ?? byName(record.schedule),
      collator: decoded.collator ?? byName(record.collator),
      sampler: decoded.sampler ?? byName(record.sampler),
    });
    owned.push(pipeline);
    const collator = await pipeline.get("collator");
    await pipeline.get("backend");
    const model = await openTrainingModel(modelOptions, tokenizer, record, random.split("initial weights"));
    owned.push(model);
    const { weightDecay, beta1, beta2, epsilon, ema, freeze } = options;
    const aligned = record.logitAlignment === "next" ? nextAlignedModel(model) : model;
    const learner = createLearner(aligned, { weightDecay, beta1, beta2, epsilon, ema, freeze });
    owned.push(learner);

    let step = 0;
    let validationNats: number | undefined;
    const save = (folder: string) => {
      const tokens = step * options.batchSize * options.accumulate * record.rowLength;
      const training = { steps: step, tokens, validationNats, data: rows.fingerprint };
      return learner.withAverage(() => saveModelFolder(folder, model, tokenizer, { ...record, training }));
    };
    const write = writerInTraining(aligned, pipeline, record, signal);
    const metrics = createMetricsFile(join(out, "metrics.jsonl"));
    const events = train({
      learner,
      collator,
      rows: rows.train,
      options,
      validation: validationOf(rows.validation, tokenizer, options),
      checkpoints: await openCheckpointFolder(join(out, "checkpoints"), { saveModel: save }),
      resume,
      signal,
      callbacks,
      watched: { folder: out, generate: (asked) => learner.withAverage(() => write(asked)) },
      identity: {
        data: {
          ...decoded.data,
          file: undefined,
          source: undefined,
          text: rows.fingerprint,
          validation: rows.validationFingerprint,
        },
        model: { ...modelOptions, tokenizer: modelOptions.tokenizer && hashOfTokenizer(tokenizer) },
        record,
      },
    });
    let outcome: TrainOutcome = { out, reason: "aborted", step: 0, steps: options.steps };
    for await (const event of events) {
      step = event.step;
      if (event.kind === "validation") validationNats = event.boundNats;
      await metrics.write(event);
      onEvent?.(event);
      if (event.kind === "finished") {
        const { reason, steps, stoppedBy } = event;
        outcome = { out, reason, step, steps, stoppedBy };
      }
      await setImmediate(); // backends that compute at once never let an abort be heard
    }
    if (outcome.reason === "aborted") return outcome;
    const best = options.result === "best" ? await bestModel(join(out, "checkpoints")) : undefined;
    if (best === undefined) await save(out);
    else await copyModelFolder(best, out);
    return outcome;
  } finally {
    for (const part of owned.reverse()) await part.dispose?.();
  }
}

// --- internal ---

/** Scoring more rows at every rate would cost more than it tells during training. */
const MOST_VALIDATION_ROWS = 24;

/** Rows spread over the held-out text, each at the middles of ten equal intervals of mask rates. */
function validationOf(
  rows: readonly TokenRow[] | EpochRows,
  tokenizer: Tokenizer,
  { seed, batchSize }: TrainingOptions,
): NoisedBatch[] | undefined {
  const { rowCount, rowAt } = epochRows(rows);
  if (rowCount === 0) return undefined;
  const count = Math.min(rowCount, MOST_VALIDATION_ROWS);
  const spread = Array.from({ length: count }, (_, index) =>
    rowAt(Math.floor((index * rowCount) / count), 0),
  );
  const rates = Array.from({ length: 10 }, (_, index) => (index + 0.5) / 10);
  return validationBatches(spread, tokenizer, { rates, seed, batchSize });
}

/** The weights come last, and each file whole or not at all. */
async function copyModelFolder(from: string, to: string): Promise<void> {
  const weightsLast = (name: string) => (name.endsWith(".safetensors") ? 1 : 0);
  for (const name of (await readdir(from)).sort((a, b) => weightsLast(a) - weightsLast(b))) {
    const temporary = join(to, `.${name}.${process.pid}`);
    await copyFile(join(from, name), temporary);
    await rename(temporary, join(to, name));
  }
}

/** The weights come last: a folder that has them is whole. */
async function saveModelFolder(
  folder: string,
  model: EncoderModel,
  tokenizer: Tokenizer,
  record: ModelRecord,
): Promise<void> {
  await saveTokenizer(tokenizer, folder);
  await writeModelRecord(record, folder);
  await saveModel(model, folder);
}

/** A model that somebody keeps is not written over. @throws DiffusionError `FILE_NOT_WRITABLE` */
function assertOutIsFree(out: string, from: string): void {
  const isBase = from !== "new" && resolve(out) === resolve(from);
  const isForeign = existsSync(join(out, "model.safetensors")) && !existsSync(join(out, "checkpoints"));
  if (!isBase && !isForeign) return;
  throw new DiffusionError({
    code: "FILE_NOT_WRITABLE",
    component: "textdiffusion/train",
    problem: `expected an output folder of its own, got ${out}, which holds ${isBase ? "the model to begin with" : "a model from elsewhere"}`,
    remedy: "Choose another folder",
  });
}
