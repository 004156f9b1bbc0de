import { randomInt } from "node:crypto";
import { resolve } from "node:path";
import { record } from "@textdiffusion/render";
import { Command } from "commander";
import {
  byName,
  DiffusionError,
  type GapSearch,
  loadTextDiffusion,
  modelRecordOf,
  regexConstraint,
  type TextDiffusion,
  type Tokenizer,
  traceToFile,
  type WeightType,
} from "textdiffusion";
import { adjustDenoiser } from "../config/adjust-denoiser.js";
import { adjustSampler } from "../config/adjust-sampler.js";
import { loadConfig } from "../config/load-config.js";
import { modelFolder } from "../config/model-folder.js";
import { parsePrompt } from "../config/parse-prompt.js";
import { assertReplayFile, drawReplay, writePicture } from "../config/picture-file.js";
import type { CommandContext } from "./context.js";
import { dtypeOption } from "./dtype-option.js";
import { knownNames } from "./known-names.js";
import { integer, nonNegativeNumber, positiveInteger, share } from "./option-values.js";
import { addShowOptions, type ShowOptions, showGeneration } from "./show-generation.js";

interface GenerateOptions extends ShowOptions {
  readonly model: string;
  readonly prompt: string;
  readonly regex?: readonly string[];
  readonly config?: string;
  readonly backend?: string;
  readonly dtype?: WeightType;
  readonly denoiser?: string;
  readonly schedule?: string;
  readonly sampler?: string;
  readonly block?: number;
  readonly allowEnd?: true;
  readonly guidance?: number;
  readonly cache?: string;
  readonly steps?: number;
  readonly temperature?: number;
  readonly topK?: number;
  readonly topP?: number;
  readonly length?: number;
  readonly count: number;
  readonly seed?: number;
  readonly trace?: string;
  readonly picture?: readonly string[];
}

const examples = `
Examples:
  Write something, and watch it appear, without any model of yours (npm install @textdiffusion/tiny-model):
    $ textdiffusion generate --model tiny --prompt "ROMEO:"
  With a model of yours:
    $ textdiffusion generate --model fables --prompt "The fox"
  Again with other choices:
    $ textdiffusion generate --model fables --sampler random --steps 64 --temperature 0.8 --seed 7
  Fill in what is missing, a date here:
    $ textdiffusion generate --model letters --prompt "Written on {10}." --regex "\\d{4}-\\d{2}-\\d{2}"
  In blocks of 32 tokens, each in 8 steps, until the text ends:
    $ textdiffusion generate --model fables --block 32 --steps 8 --allow-end
  With every step kept in a file, to watch it again:
    $ textdiffusion generate --model fables --prompt "The fox" --trace run.jsonl
    $ textdiffusion replay run.jsonl
  As a page that replays the run, for a browser:
    $ textdiffusion generate --model fables --prompt "The fox" --picture fox.html
  Three texts as JSON, for another program:
    $ textdiffusion generate --model fables --count 3 --json

What is not said on the command line comes from the config file, then from the model folder.
The same seed gives the same text.`;

export function generateCommand(context: CommandContext): Command {
  const command = new Command("generate")
    .description("write text with a trained model, from a page of masks to a page of words")
    .requiredOption("--model <folder>", "folder of the model, or tiny, a small one that knows Shakespeare")
    .option(
      "--prompt <text>",
      "how the text begins; {3} is a gap of 3 tokens, {2..6} one whose length is searched, \\{ a brace",
      "",
    )
    .option(
      "--regex <pattern>",
      "what the written text must match from end to end; again for each gap",
      (pattern: string, before: readonly string[] = []) => [...before, pattern],
    )
    .option(
      "--length <tokens>",
      "tokens of the whole text, prompt included (default: as in training)",
      positiveInteger("--length"),
    )
    .option("--count <texts>", "how many texts to write", positiveInteger("--count"), 1)
    .option("--seed <number>", "same seed, same text (default: a new one each time)", integer("--seed"))
    .option("--sampler <name>", `how masks become words: ${knownNames("sampler")} (default: the model's)`)
    .option(
      "--steps <number>",
      "steps of the sampler; more are slower and better",
      positiveInteger("--steps"),
    )
    .option(
      "--temperature <number>",
      "0 always takes the likeliest word, 1 draws as the model thinks",
      nonNegativeNumber("--temperature"),
    )
    .option("--top-k <tokens>", "draw among this many likeliest tokens only", positiveInteger("--top-k"))
    .option("--top-p <share>", "draw among the likeliest tokens that make up this share", share("--top-p"))
    .option(
      "--block <tokens>",
      "write blocks of this many tokens from left to right, each with all steps",
      positiveInteger("--block"),
    )
    .option(
      "--guidance <scale>",
      "hold more to the prompt: classifier-free guidance, 0 for none; twice the work",
      nonNegativeNumber("--guidance"),
    )
    .option(
      "--cache <kind>",
      "for --block: prefix or dual, faster and approximate; none is exact (default: none)",
    )
    .option("--allow-end", "let the text end early; with --block, nothing is computed after the end")
    .option(
      "--schedule <name>",
      `how noise grows with time: ${knownNames("schedule")} (default: the model's)`,
    )
    .option("--backend <name>", `where to compute: ${knownNames("backend")} (default: auto)`)
    .addOption(dtypeOption())
    .option(
      "--denoiser <name>",
      "what computes the model: huggingface, its weights, or onnx, its ONNX file (default: the weights, if there are any)",
    )
    .option("--config <file>", "config file (default: textdiffusion.config.* in this folder)")
    .option("--trace <file>", "write every step into this file, for textdiffusion replay and fork")
    .option(
      "--picture <file>",
      "draw the run into FILE.html, a page that replays it, FILE.gif, .png or .txt; may be repeated",
      (file: string, before: readonly string[] = []) => [...before, file],
    );
  return addShowOptions(command)
    .addHelpText("after", examples)
    .action((options: GenerateOptions) => generate(options, context));
}

// --- internal ---

async function generate(options: GenerateOptions, context: CommandContext): Promise<void> {
  const { folder, notes, paintNotes, signal } = context;
  const seed = options.seed ?? randomInt(1_000_000);
  const pictures = await picturesOf(options.picture ?? [], folder);
  const model = await openModel(options, context);
  try {
    const tokenizer = await model.get("tokenizer");
    const { name } = await model.get("sampler");
    const { length = model.settings.length, count, json, trace } = options;
    const prompt = parsePrompt(options.prompt);
    const patterns = options.regex ?? [];
    const constraint =
      patterns.length === 0
        ? undefined
        : regexConstraint({ tokenizer, pattern: patterns.length === 1 ? patterns[0] : patterns });
    const { request, searches } = await model.searchGaps({
      prompts: Array.from({ length: count }, () => prompt),
      constraint,
      length,
      seed,
      signal,
      allowSpecial: options.allowEnd ? [endTokenOf(tokenizer)] : [],
    });
    if (!json) for (const search of searches) notes.write(`${paintNotes("dim", searchInWords(search))}\n`);
    const run =
      trace === undefined ? model.stream(request) : traceToFile(resolve(folder, trace), model, request);
    const recorder = pictures.length > 0 ? record(run, tokenizer, { title: name, timed: true }) : undefined;
    const events = recorder?.events ?? run;
    const size = typeof prompt === "string" ? ` of ${length} tokens` : "";
    const texts = `${count} text${count === 1 ? "" : "s"}${size}`;
    const announcement = `Writing ${texts} with the sampler "${name}" on ${model.settings.backend}.`;
    const alsoInJson = searches.length > 0 ? { searches } : {};
    await showGeneration({ events, model, seed, options, context, announcement, alsoInJson });
    if (!recorder) return;
    for (const { file, kind } of pictures) await writePicture(file, drawReplay(kind, [recorder.recording()]));
    if (!json) notes.write(`${paintNotes("dim", `The replay is in ${options.picture?.join(" and ")}.`)}\n`);
  } finally {
    await model.dispose();
  }
}

/** Files that may get a picture, and which. */
function picturesOf(files: readonly string[], folder: string) {
  return Promise.all(
    files.map(async (name) => {
      const file = resolve(folder, name);
      return { file, kind: await assertReplayFile(file) };
    }),
  );
}

/** The command line over the config over what the model folder says. */
async function openModel(options: GenerateOptions, context: CommandContext): Promise<TextDiffusion> {
  const { config } = await loadConfig(options.config, context.folder);
  const opened = await modelFolder(options.model, context);
  const chosen = config.sampler ?? byName((await modelRecordOf(opened)).sampler);
  return loadTextDiffusion({
    ...config,
    folder: opened,
    backend: byName(options.backend) ?? config.backend,
    dtype: options.dtype ?? config.dtype,
    schedule: byName(options.schedule) ?? config.schedule,
    sampler: adjustSampler(chosen, options.sampler, options),
    denoiser: adjustDenoiser(byName(options.denoiser) ?? config.denoiser, options),
  });
}

/** `Gap of 3 tokens: 2 → 1.93, 3 → 1.71, 4 → 1.88 nats a token.` */
function searchInWords({ row, lengths, trials }: GapSearch): string {
  const tried = trials.map((trial) => `${trial.lengths.join(" and ")} → ${trial.natsPerToken.toFixed(2)}`);
  const gaps = `${lengths.length > 1 ? "gaps" : "gap"} of ${lengths.join(" and ")} tokens`;
  return `Text ${row + 1}, ${gaps}: ${tried.join(", ")} nats a token.`;
}

function endTokenOf({ special }: Tokenizer): number {
  if (special.end !== undefined) return special.end;
  throw new DiffusionError({
    code: "CONFIG_INVALID",
    component: "cli/options",
    problem: "expected a model whose tokenizer has an end token for --allow-end, got none",
    remedy: "Leave --allow-end out",
  });
}
