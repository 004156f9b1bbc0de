import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { Command } from "commander";
import {
  DiffusionError,
  documentsOf,
  saveTokenizer,
  tokenizerFromFiles,
  trainTokenizer,
} from "textdiffusion";
import { dataPath } from "../config/data-path.js";
import { stageProgress } from "../progress/stage-progress.js";
import { formatCount } from "../terminal/quantities.js";
import type { CommandContext } from "./context.js";
import { positiveInteger } from "./option-values.js";

interface TrainTokenizerCommandOptions {
  readonly data: readonly string[];
  readonly out: string;
  readonly vocabSize: number;
  readonly minFrequency: number;
  readonly force?: true;
}

const examples = `
Examples:
  A vocabulary of a text, and a new model that uses it:
    $ textdiffusion train-tokenizer --data my-text.txt --vocab-size 2048 --out my-tokenizer
    $ textdiffusion train --data my-text.txt --model new --tokenizer my-tokenizer --out my-model

The folder holds a tokenizer.json of byte-level BPE, as RoBERTa's, which Python's tokenizers reads, too. It spells any text. More in
docs/tokenizers.md of the project.`;

export function trainTokenizerCommand(context: CommandContext): Command {
  return new Command("train-tokenizer")
    .description("learn a vocabulary from texts: byte-level BPE, for a new model")
    .requiredOption(
      "--data <files...>",
      "texts: files, folders or patterns, also .gz, .jsonl or .parquet; - for standard input",
    )
    .requiredOption("--out <folder>", "where tokenizer.json goes")
    .option(
      "--vocab-size <tokens>",
      "with the 5 special tokens and the 256 bytes",
      positiveInteger("--vocab-size"),
      8192,
    )
    .option(
      "--min-frequency <times>",
      "how often a pair must occur to become a token",
      positiveInteger("--min-frequency"),
      2,
    )
    .option("--force", "write over another tokenizer")
    .addHelpText("after", examples)
    .action((options: TrainTokenizerCommandOptions) => train(options, context));
}

// --- internal ---

async function train(options: TrainTokenizerCommandOptions, context: CommandContext): Promise<void> {
  const { folder, notes, paintNotes, signal } = context;
  const out = resolve(folder, options.out);
  if (existsSync(join(out, "tokenizer.json")) && !options.force) throw taken(options.out);
  const progress = stageProgress(notes, paintNotes);
  try {
    const trained = await trainTokenizer(textsOf(options.data.map((name) => dataPath(name, folder))), {
      vocabularySize: options.vocabSize,
      minFrequency: options.minFrequency,
      signal,
      onProgress: (stage, share) => progress.show(stageNames[stage], share),
    });
    await saveTokenizer(tokenizerFromFiles(trained.files, out), out);
    progress.close();
    const { vocabularySize, bytes, tokens } = trained;
    notes.write(
      `${formatCount(vocabularySize)} tokens in ${options.out}, ${(bytes / tokens).toFixed(2)} bytes a token: ${formatCount(bytes)} bytes of text are ${formatCount(tokens)} tokens\n`,
    );
    if (vocabularySize < options.vocabSize) {
      notes.write(
        `No other pair occurs ${options.minFrequency} times: give it more text, or --min-frequency\n`,
      );
    }
  } finally {
    progress.close();
  }
}

const stageNames = { words: "Counting words", merges: "Learning tokens" } as const;

async function* textsOf(files: readonly string[]): AsyncGenerator<string, void, void> {
  for (const file of files) {
    for await (const { document } of documentsOf({ file, documents: "file" })) {
      if (document.prompt !== undefined) yield document.prompt;
      yield document.text;
    }
  }
}

function taken(folder: string): DiffusionError {
  return new DiffusionError({
    code: "FILE_NOT_WRITABLE",
    component: "cli/train-tokenizer",
    problem: `expected a folder without a tokenizer, got ${folder}, which holds a tokenizer.json`,
    remedy: "Choose another folder, or write over it with --force. A model that was trained with it needs it",
  });
}
