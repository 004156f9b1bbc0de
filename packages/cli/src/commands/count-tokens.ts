import { writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { Command, Option } from "commander";
import {
  byteLevelTokenizer,
  countTokens,
  DiffusionError,
  type DocumentUnit,
  documentUnits,
  loadTokenizer,
  readDocuments,
  tokenBuffer,
} from "textdiffusion";
import { dataPath } from "../config/data-path.js";
import { modelFolder } from "../config/model-folder.js";
import { formatCount } from "../terminal/quantities.js";
import type { CommandContext } from "./context.js";

interface CountTokensOptions {
  readonly data: string;
  readonly out: string;
  readonly model: string;
  readonly documents: DocumentUnit;
  readonly frame?: true;
}

const examples = `
For the schedule "spindle", which masks rare tokens first and writes them last:
  $ textdiffusion count-tokens --data my-text.txt --model ./roberta-base --out counts.json
and in textdiffusion.config.json:
  { "schedule": { "name": "spindle", "counts": { "$include": "counts.json" } } }

The file is a list of numbers, one for each token id. The trained model's folder keeps them.`;

export function countTokensCommand(context: CommandContext): Command {
  return new Command("count-tokens")
    .description("how often each token occurs in a text, as a JSON list by token id")
    .requiredOption(
      "--data <file>",
      "the text: a file, a folder or a pattern, also .gz, .jsonl or .parquet; - for standard input",
    )
    .requiredOption("--out <file>", "where the list goes")
    .option("--model <new-or-folder>", 'whose tokenizer: "new", a Hugging Face folder, or tiny', "new")
    .addOption(
      new Option("--documents <unit>", "what counts as one document").choices(documentUnits).default("file"),
    )
    .option("--frame", "count begin and end tokens around each document")
    .addHelpText("after", examples)
    .action((options: CountTokensOptions) => count(options, context));
}

// --- internal ---

async function count(options: CountTokensOptions, context: CommandContext): Promise<void> {
  const { folder, notes } = context;
  const { data, model, documents, frame = false } = options;
  const tokenizer =
    model === "new" ? byteLevelTokenizer() : await loadTokenizer(await modelFolder(model, context));
  const ids = tokenBuffer();
  const file = dataPath(data, folder);
  await readDocuments({ file, documents }, [], ({ text }) => {
    ids.push(tokenizer.encode(text, { frame }));
  });
  const counts = countTokens(ids.ids(), tokenizer.vocabularySize);
  const out = resolve(folder, options.out);
  try {
    await writeFile(out, `${JSON.stringify(counts)}\n`);
  } catch (cause) {
    throw new DiffusionError({
      code: "FILE_NOT_WRITABLE",
      component: "cli/count-tokens",
      problem: `expected a file that can be written at ${out}, got ${cause instanceof Error ? cause.message : String(cause)}`,
      remedy: "Choose another file with --out",
      cause,
    });
  }
  const different = counts.filter((times) => times > 0).length;
  notes.write(
    `${formatCount(ids.ids().length)} tokens, ${different} of ${tokenizer.vocabularySize} different: ${options.out}\n`,
  );
}
