import { createPipeline, idsUnknownTo, Random } from "@textdiffusion/core";
import {
  byteLevelTokenizer,
  createRowOrder,
  packRows,
  splitTail,
  stratifiedCollator,
  validationBatches,
} from "@textdiffusion/data";
import { paddedDenoiser } from "@textdiffusion/denoisers";
import { spreadRows } from "@textdiffusion/evaluation";
import {
  createModel,
  encodeModelRecord,
  filesFromModel,
  type ModelRecord,
  maskedLanguageModelDenoiser,
} from "@textdiffusion/models";
import { samplersPlugin } from "@textdiffusion/samplers";
import { linearSchedule } from "@textdiffusion/schedules";
import { createLearner, type TrainingEvent, train } from "@textdiffusion/training/web";
import type { TrainedFiles } from "./messages.js";
import { configOf, recorded, type TrainingSettings } from "./settings.js";

/** A training of a model, on the backend that was started last. */
export interface Run {
  /** The trainer's own, which trains while somebody asks for them. */
  readonly events: AsyncGenerator<TrainingEvent, void, void>;
  /** What the model writes as it is now. Between two events only, as all that looks at the model. */
  write(): Promise<string>;
  /** The model as it is now. */
  files(): Promise<TrainedFiles>;
}

/**
 * A new model on a text, as `textdiffusion train` with `configOf` these settings makes it: the same weights.
 *
 * @throws DiffusionError `DATA_INVALID` for a text shorter than a row
 */
export async function openRun(text: string, settings: TrainingSettings, signal: AbortSignal): Promise<Run> {
  const { rowLength, batchSize, steps, seed } = settings;
  const { model: sizes, training } = configOf(settings);
  const tokenizer = byteLevelTokenizer({ maxLength: rowLength });
  const rows = rowsOf(tokenizer.encode(text), rowLength);
  const random = Random.fromSeed(seed);
  const schedule = linearSchedule();
  const { vocabularySize, special } = tokenizer;
  const { from: _, ...shape } = sizes;
  const model = await createModel(
    {
      architecture: "roberta",
      ...shape,
      dropout: 0,
      initialization: "neighbour-heads",
      vocabularySize,
      maxLength: rowLength,
      padId: special.pad,
    },
    random.split("initial weights"),
  );
  const { beta2, ...options } = training;
  const writer = await createPipeline({
    plugins: [samplersPlugin],
    tokenizer,
    denoiser: paddedDenoiser(
      maskedLanguageModelDenoiser(model, {
        maskTokenId: special.mask,
        forbidden: idsUnknownTo(tokenizer, vocabularySize),
      }),
    ),
    schedule,
    sampler: recorded.sampler,
  });
  const events = train({
    learner: createLearner(model, { beta2 }),
    collator: stratifiedCollator({}, { schedule, tokenizer }),
    rows: createRowOrder(rows.train, random.split("rows")),
    validation:
      rows.validation.length === 0
        ? undefined
        : validationBatches(spreadRows(rows.validation, 8), tokenizer, { seed, batchSize }),
    options: { ...options, warmupSteps: Math.floor(steps / 20) },
    signal,
  });

  let step = 0;
  let validationNats: number | undefined;
  async function* noted(): AsyncGenerator<TrainingEvent, void, void> {
    for await (const event of events) {
      step = event.step;
      if (event.kind === "validation") validationNats = event.boundNats;
      yield event;
    }
  }
  return {
    events: noted(),
    write: async () => (await writer.generate({ length: rowLength, seed, frame: false })).texts[0],
    files: async () => {
      const record: ModelRecord = {
        formatVersion: 1,
        rowLength,
        frame: false,
        ...recorded,
        training: { steps: step, tokens: step * batchSize * rowLength, validationNats },
      };
      const { files } = tokenizer;
      return {
        ...(await filesFromModel(model)),
        "tokenizer.json": files["tokenizer.json"],
        "tokenizer_config.json": files["tokenizer_config.json"] as string, // byteLevelTokenizer has one
        "textdiffusion.json": encodeModelRecord(record),
      };
    },
  };
}

// --- internal ---

/** The last tenth is held out where it makes a row. */
function rowsOf(ids: Int32Array, rowLength: number) {
  packRows(ids, rowLength); // says how long the whole text is when it is too short
  const share = Math.floor(ids.length / 10) >= rowLength ? 0.1 : 0;
  const { train, validation } = splitTail(ids, share);
  return {
    train: packRows(train, rowLength, "the training text"),
    validation: share === 0 ? [] : packRows(validation, rowLength, "the last tenth of the text"),
  };
}
