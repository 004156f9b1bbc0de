import { resolve } from "node:path";
import { Command, Option } from "commander";
import { DiffusionError, type DocumentUnit, documentUnits, prepareTokens } from "textdiffusion";
import { type DataCommandOptions, dataOf, withDataOptions } from "../config/data-options.js";
import { loadConfig } from "../config/load-config.js";
import { modelFolder, modelFolderOrNew } from "../config/model-folder.js";
import { preparationProgress } from "../progress/preparation-progress.js";
import { formatCount } from "../terminal/quantities.js";
import type { CommandContext } from "./context.js";
import { naturalNumber } from "./option-values.js";

interface PrepareOptions extends DataCommandOptions {
  readonly out: string;
  readonly model?: string;
  readonly tokenizer?: string;
  readonly documents?: DocumentUnit;
  readonly hashSplit?: true;
  readonly config?: string;
  readonly workers?: number;
}

const examples = `
Examples:
  Many records, encoded once, then trained on as often as you like:
    $ textdiffusion prepare --data "corpus/*.jsonl.gz" --model FacebookAI/roberta-base --out tokens
    $ textdiffusion train --data tokens --model FacebookAI/roberta-base --out my-model
  After Ctrl-C or a power cut, the same command goes on where it stopped.

Rows are cut when they are trained on, so their length is free. Whether begin and end tokens stand around each document
is as the model was trained, a new one: none.`;

export function prepareCommand(context: CommandContext): Command {
  const command = new Command("prepare")
    .description(
      "encode texts once, into files of tokens that train reads: for data that is larger than memory",
    )
    .requiredOption("--out <folder>", "where the tokens go");
  return withDataOptions(command)
    .option(
      "--model <new-or-folder>",
      'whose tokenizer: "new", a Hugging Face folder, or tiny (default: new)',
    )
    .option("--tokenizer <folder>", "of a new model, see train-tokenizer (default: one token a byte)")
    .addOption(
      new Option("--documents <unit>", "what counts as one document (default: file)").choices(documentUnits),
    )
    .option(
      "--hash-split",
      "hold a tenth of the documents out, by a hash of each (default: the end of all, when it is trained on)",
    )
    .option("--config <file>", "config file (default: textdiffusion.config.* in this folder)")
    .option(
      "--workers <threads>",
      "threads that encode (default: one for each processor)",
      naturalNumber("--workers"),
    )
    .addHelpText("after", examples)
    .action((options: PrepareOptions) => prepare(options, context));
}

// --- internal ---

async function prepare(options: PrepareOptions, context: CommandContext): Promise<void> {
  const { folder, notes, signal } = context;
  const { config } = await loadConfig(options.config, folder);
  const { documents, hashSplit, workers } = options;
  const from = await modelFolderOrNew(options.model ?? config.model?.from, context);
  const named = options.tokenizer ?? config.model?.tokenizer;
  const tokenizer = named && (await modelFolder(named, context, "--tokenizer"));
  const progress = preparationProgress(notes);
  try {
    const prepared = await prepareTokens({
      ...config,
      data: {
        ...(await dataOf(config.data, options, context)),
        ...(documents !== undefined && { documents }),
        ...(hashSplit && { split: "hash" as const }),
      },
      model: { ...config.model, from, ...(tokenizer && { tokenizer }) },
      out: resolve(folder, options.out),
      workers,
      signal,
      onProgress: progress.show,
    });
    progress.close();
    const { train, validation } = prepared.tokens;
    const heldOut = validation === 0 ? "" : `, ${formatCount(validation)} of them held out`;
    notes.write(`${formatCount(train + validation)} tokens in ${options.out}${heldOut}\n`);
  } catch (error) {
    progress.close();
    if (DiffusionError.is(error, "ABORTED")) {
      notes.write(`What is encoded stays in ${options.out}: the same command goes on from there.\n`);
    }
    throw error;
  }
}
