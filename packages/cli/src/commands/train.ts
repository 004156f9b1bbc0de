import { basename, join, resolve } from "node:path";
import { readMetrics, trainingReport } from "@textdiffusion/render";
import { Command, Option } from "commander";
import {
  byName,
  readText,
  spikeActions,
  type TextDiffusionConfig,
  type TrainingSettings,
  trainTextDiffusion,
} from "textdiffusion";
import { type DataCommandOptions, dataOf, withDataOptions } from "../config/data-options.js";
import { dataPath } from "../config/data-path.js";
import { loadConfig } from "../config/load-config.js";
import { modelFolder, modelFolderOrNew } from "../config/model-folder.js";
import { assertPictureFile, writePicture } from "../config/picture-file.js";
import { readingProgress } from "../progress/reading-progress.js";
import { trainingProgress } from "../progress/training-progress.js";
import type { CommandContext } from "./context.js";
import { knownNames } from "./known-names.js";
import { integer, naturalNumber, positiveInteger, positiveNumber } from "./option-values.js";

interface TrainOptions extends DataCommandOptions {
  readonly format?: "text" | "pairs";
  readonly validation?: string;
  readonly streaming?: true;
  readonly model?: string;
  readonly tokenizer?: string;
  readonly out: string;
  readonly config?: string;
  readonly resume?: true;
  readonly backend?: string;
  readonly schedule?: string;
  readonly collator?: string;
  readonly steps?: number;
  readonly epochs?: number;
  readonly result?: "last" | "best";
  readonly patience?: number;
  readonly batchSize?: number;
  readonly accumulate?: number;
  readonly rowLength?: number;
  readonly learningRate?: number;
  readonly warmupSteps?: number;
  readonly ema?: number;
  readonly spikes?: (typeof spikeActions)[number];
  readonly samplesEvery?: number;
  readonly timeLimit?: number;
  readonly seed?: number;
  readonly evaluateEvery?: number;
  readonly saveEvery?: number;
  readonly logEvery?: number;
  readonly layers?: number;
  readonly hidden?: number;
  readonly heads?: number;
}

const examples = `
Examples:
  A small new model, in a few minutes:
    $ textdiffusion train --data my-text.txt --model new --out my-model
  Larger, with a longer view of the text:
    $ textdiffusion train --data my-text.txt --model new --out my-model --layers 6 --hidden 192 --row-length 256
  With a vocabulary of its own, made by train-tokenizer:
    $ textdiffusion train --data my-text.txt --model new --tokenizer my-tokenizer --out my-model
  Go on with a BERT or RoBERTa of the Hugging Face Hub, or from a folder:
    $ textdiffusion train --data my-text.txt --model FacebookAI/roberta-base --out my-model --steps 2000
  On a data set of the Hub, larger than memory:
    $ textdiffusion train --dataset Salesforce/wikitext --subset wikitext-103-raw-v1 --streaming --out my-model
  To answer: on lines of { "prompt": "Why? ", "response": "Because." }, of which the answers are learnt:
    $ textdiffusion train --data my-pairs.jsonl --format pairs --model FacebookAI/roberta-base --out my-model
  See what it writes as it learns, and stop after half an hour, to go on another day:
    $ textdiffusion train --data my-text.txt --model new --out my-model --samples-every 250 --time-limit 30
  After Ctrl-C, a power cut or a crash:
    $ textdiffusion train --data my-text.txt --model new --out my-model --resume

Everything that a config file may say: defineConfig of the npm package "textdiffusion". The command line wins over it.
The output folder is a Hugging Face model folder, which Python's transformers opens, too; checkpoints/ and
metrics.jsonl lie inside.`;

export function trainCommand(context: CommandContext): Command {
  const command = new Command("train")
    .description("train a model on a text, from nothing or from a BERT or RoBERTa")
    .requiredOption("--out <folder>", "where the model goes");
  return withDataOptions(command)
    .addOption(
      new Option(
        "--format <kind>",
        'pairs: a line of JSON each, with "prompt" and "response"; text, whatever the name ends in (default: by the name)',
      ).choices(["text", "pairs"]),
    )
    .option("--validation <file>", "a text to validate on (default: a tenth of the data, which is held out)")
    .option("--streaming", "read the data while it is trained on: for data that is larger than memory")
    .option(
      "--model <new-or-folder>",
      '"new", a Hugging Face folder or owner/name of the Hub, or tiny (default: new)',
    )
    .option("--tokenizer <folder>", "of a new model, see train-tokenizer (default: one token a byte)")
    .option("--config <file>", "config file (default: textdiffusion.config.* in this folder)")
    .option("--resume", "go on with the run in the output folder")
    .option("--backend <name>", `where to compute: ${knownNames("backend")} (default: auto)`)
    .option("--steps <number>", "optimizer steps (default: 1000)", positiveInteger("--steps"))
    .addOption(
      new Option("--epochs <number>", "passes over the text, in place of steps")
        .argParser(positiveNumber("--epochs"))
        .conflicts("steps"),
    )
    .addOption(
      new Option("--result <weights>", "end with the last weights, or those of the best validation").choices([
        "last",
        "best",
      ]),
    )
    .option(
      "--patience <validations>",
      "stop when so many in a row are not better (default: go on)",
      positiveInteger("--patience"),
    )
    .option(
      "--batch-size <rows>",
      "rows of text in memory at once (default: 16)",
      positiveInteger("--batch-size"),
    )
    .option(
      "--accumulate <batches>",
      "batches that make one step (default: 1)",
      positiveInteger("--accumulate"),
    )
    .option("--row-length <tokens>", "tokens of one row (default: 128)", positiveInteger("--row-length"))
    .option(
      "--learning-rate <number>",
      "peak (default: 1e-3 for a new model, else 1e-4)",
      positiveNumber("--learning-rate"),
    )
    .option(
      "--warmup-steps <number>",
      "steps until the peak (default: 5 % of the steps)",
      naturalNumber("--warmup-steps"),
    )
    .option(
      "--ema <decay>",
      "save and validate an average of the weights, 0.999 say (default: the weights themselves)",
      positiveNumber("--ema"),
    )
    .addOption(
      new Option(
        "--spikes <action>",
        "when a loss or gradient stands far out: tell of it, or leave the update out, too (default: report)",
      ).choices(spikeActions),
    )
    .option(
      "--samples-every <steps>",
      "let the model write every so many steps, into samples.jsonl (default: never)",
      positiveInteger("--samples-every"),
    )
    .option(
      "--time-limit <minutes>",
      "stop then, with a checkpoint to go on from (default: none)",
      positiveNumber("--time-limit"),
    )
    .option("--seed <number>", "same seed, same model (default: 0)", integer("--seed"))
    .option("--layers <number>", "of a new model (default: 4)", positiveInteger("--layers"))
    .option("--hidden <number>", "width of a new model (default: 128)", positiveInteger("--hidden"))
    .option("--heads <number>", "attention heads of a new model (default: 4)", positiveInteger("--heads"))
    .option("--schedule <name>", `how noise grows with time: ${knownNames("schedule")} (default: linear)`)
    .option(
      "--collator <name>",
      `how masks are put on rows of text: ${knownNames("collator")} (default: stratified)`,
    )
    .option(
      "--evaluate-every <steps>",
      "steps between validations (default: 500)",
      positiveInteger("--evaluate-every"),
    )
    .option(
      "--save-every <steps>",
      "steps between checkpoints (default: 500)",
      positiveInteger("--save-every"),
    )
    .option("--log-every <steps>", "steps between lines of the log", positiveInteger("--log-every"))
    .addHelpText("after", examples)
    .action((options: TrainOptions) => train(options, context));
}

// --- internal ---

async function train(options: TrainOptions, context: CommandContext): Promise<void> {
  const { command, notes, paintNotes, signal, folder } = context;
  const { config } = await loadConfig(options.config, folder);
  const from = options.model
    ? await modelFolderOrNew(options.model, context)
    : await modelFolderOrNew(config.model?.from, context, "model.from");
  const tokenizer = options.tokenizer
    ? await modelFolder(options.tokenizer, context, "--tokenizer")
    : config.model?.tokenizer && (await modelFolder(config.model.tokenizer, context, "model.tokenizer"));
  const data = await dataOf(config.data, options, context);
  const reading = readingProgress(notes);
  const progress = trainingProgress({ stream: notes, paint: paintNotes, every: options.logEvery });
  try {
    const outcome = await trainTextDiffusion({
      ...withOptions({ ...config, data }, { ...options, model: from, tokenizer }, folder),
      out: resolve(folder, options.out),
      resume: options.resume,
      signal,
      onRead: reading.show,
      onEvent: (event) => {
        reading.close();
        if (options.resume && event.kind === "started" && !event.resumed)
          notes.write(`Nothing to resume in ${options.out}: a new run begins.\n`);
        progress.show(event);
      },
    });
    reading.close();
    progress.close();
    if (outcome.reason === "stopped") {
      const why =
        outcome.stoppedBy === undefined
          ? ": validations did not get better."
          : ` by ${outcome.stoppedBy}; go on with the same command and --resume.`;
      notes.write(`Stopped after step ${outcome.step} of ${outcome.steps}${why}\n`);
    }
    if (outcome.reason !== "aborted") {
      notes.write(`The model is in ${options.out}. Let it write:\n`);
      notes.write(`  ${command} generate --model ${quoted(options.out)}\n`);
    } else if (outcome.step === 0) {
      notes.write("Interrupted before the first step: begin again with the same command\n");
    } else {
      notes.write(
        `Interrupted. ${outcome.step} of ${outcome.steps} steps are saved in ${options.out}; go on with\n`,
      );
      notes.write(`  the same command and --resume\n`);
    }
    // After all that matters is said: a picture that cannot be drawn is no failure of the training.
    if (outcome.step > 0) notes.write(`${await writeReport(resolve(folder, options.out), options.out)}\n`);
  } finally {
    reading.close();
    progress.close();
  }
}

const REPORT = "report.html";

/** Draws the curves of the run so far into its folder. @returns what to say of it */
async function writeReport(folder: string, named: string): Promise<string> {
  const file = join(folder, REPORT);
  try {
    await assertPictureFile(file, ["html"]);
    const metrics = await readText(join(folder, "metrics.jsonl"));
    await writePicture(file, trainingReport([readMetrics(metrics, basename(folder))]));
    return `Its curves are in ${join(named, REPORT)}.`;
  } catch (error) {
    return `Its curves were not drawn: ${error instanceof Error ? error.message : String(error)}`;
  }
}

/** The command line laid over the config. @param options - its model and tokenizer as folders are named from anywhere */
function withOptions(
  config: TextDiffusionConfig,
  options: TrainOptions,
  folder: string,
): TextDiffusionConfig {
  const { format, validation, streaming, model } = options;
  return {
    ...config,
    ...given({
      backend: byName(options.backend),
      schedule: byName(options.schedule),
      collator: byName(options.collator),
    }),
    data: {
      ...config.data,
      ...given({
        format,
        streaming,
        validation: validation === undefined ? undefined : { file: dataPath(validation, folder) },
        rowLength: options.rowLength,
      }),
    },
    model: {
      ...config.model,
      ...given({
        from: model,
        tokenizer: options.tokenizer,
        layers: options.layers,
        hidden: options.hidden,
        heads: options.heads,
      }),
    },
    training: {
      ...config.training,
      // One of the two: what the command line says takes the place of both.
      ...((options.steps ?? options.epochs) !== undefined && {
        steps: options.steps,
        epochs: options.epochs,
      }),
      ...given({
        result: options.result,
        earlyStopping:
          options.patience === undefined
            ? undefined
            : { ...config.training?.earlyStopping, patience: options.patience },
        batchSize: options.batchSize,
        accumulate: options.accumulate,
        learningRate: options.learningRate,
        warmupSteps: options.warmupSteps,
        ema: options.ema,
        spikes:
          options.spikes === undefined ? undefined : { ...config.training?.spikes, action: options.spikes },
        callbacks: callbacksOf(config, options),
        seed: options.seed,
        evaluateEvery: options.evaluateEvery,
        saveEvery: options.saveEvery,
        logEvery: options.logEvery,
      }),
    },
  };
}

/** Those of the config; one that the command line sets takes the place of all of its name. */
function callbacksOf(config: TextDiffusionConfig, options: TrainOptions): TrainingSettings["callbacks"] {
  const set = [
    ...(options.samplesEvery === undefined
      ? []
      : [{ name: "samples" as const, every: options.samplesEvery }]),
    ...(options.timeLimit === undefined ? [] : [{ name: "time-limit" as const, minutes: options.timeLimit }]),
  ];
  if (set.length === 0) return undefined;
  const given = config.training?.callbacks ?? [];
  const nameOf = (choice: unknown) =>
    typeof choice === "string" ? choice : (choice as { readonly name?: unknown } | null)?.name;
  return [...given.filter((choice) => !set.some(({ name }) => name === nameOf(choice))), ...set];
}

/** What was said, without what was not. */
function given<Values extends object>(values: Values): Partial<Values> {
  return Object.fromEntries(
    Object.entries(values).filter(([, value]) => value !== undefined),
  ) as Partial<Values>;
}

function quoted(path: string): string {
  return /^[\w./-]+$/.test(path) ? path : JSON.stringify(path);
}
