import { randomInt } from "node:crypto";
import { resolve } from "node:path";
import { printable } from "@textdiffusion/render";
import { Command } from "commander";
import {
  byName,
  DiffusionError,
  loadAutoregression,
  loadTextDiffusion,
  modelRecordOf,
  readGpt2Config,
  type WeightType,
} from "textdiffusion";
import { describeComparison, timesAsFast } from "../comparison/describe-comparison.js";
import { type ContenderResult, runContender } from "../comparison/run-contender.js";
import { replaySideBySide } from "../comparison/side-by-side.js";
import { adjustSampler } from "../config/adjust-sampler.js";
import { loadConfig } from "../config/load-config.js";
import { modelFolder } from "../config/model-folder.js";
import { parsePrompt } from "../config/parse-prompt.js";
import { assertReplayFile, drawReplay, writePicture } from "../config/picture-file.js";
import type { CommandContext } from "./context.js";
import { dtypeOption } from "./dtype-option.js";
import { knownNames } from "./known-names.js";
import { integer, nonNegativeNumber, positiveInteger, share } from "./option-values.js";

interface CompareOptions {
  readonly model: string;
  readonly beside: string;
  readonly prompt: string;
  readonly length?: number;
  readonly sampler?: string;
  readonly steps?: number;
  readonly temperature?: number;
  readonly topK?: number;
  readonly topP?: number;
  readonly seed?: number;
  readonly backend?: string;
  readonly dtype?: WeightType;
  readonly config?: string;
  readonly picture?: string;
  readonly json?: true;
  readonly animation: boolean;
}

const examples = `
Examples:
  A diffusion model in 10 steps beside a GPT-2, one token a step:
    $ textdiffusion compare --model my-roberta --beside gpt2 --prompt "Once" --length 128 --steps 10
  As a page for a browser, that shows both side by side in the time that they took:
    $ textdiffusion compare --model my-roberta --beside gpt2 --prompt "Once" --picture race.html

Each writes alone, twice, on the same backend; the GPT-2 keeps keys and values of what it has written.
Temperature, --top-k and --top-p count for both; the folder of the GPT-2 is a Hugging Face folder on this machine.`;

export function compareCommand(context: CommandContext): Command {
  return new Command("compare")
    .description("write beside an autoregressive model: texts, seconds, tokens a second")
    .requiredOption("--model <folder>", "folder of the diffusion model, or tiny")
    .requiredOption("--beside <folder>", "folder of a GPT-2")
    .option("--prompt <text>", "how both texts begin", "")
    .option(
      "--length <tokens>",
      "tokens of each text, prompt included (default: as in training, or what both can)",
      positiveInteger("--length"),
    )
    .option("--seed <number>", "same seed, same texts (default: a new one each time)", integer("--seed"))
    .option("--sampler <name>", `of the diffusion model: ${knownNames("sampler")} (default: the model's)`)
    .option("--steps <number>", "steps of that sampler", positiveInteger("--steps"))
    .option("--temperature <number>", "of both (default: the model's)", nonNegativeNumber("--temperature"))
    .option("--top-k <tokens>", "draw among this many likeliest tokens only", positiveInteger("--top-k"))
    .option("--top-p <share>", "draw among the likeliest tokens that make up this share", share("--top-p"))
    .option("--backend <name>", `where to compute: ${knownNames("backend")} (default: auto)`)
    .addOption(dtypeOption())
    .option("--config <file>", "config file (default: textdiffusion.config.* in this folder)")
    .option(
      "--picture <file>",
      "draw both side by side into FILE.html, a page that replays them, FILE.gif, .png or .txt",
    )
    .option("--json", "print one JSON document and nothing else")
    .option("--no-animation", "print the texts when they are done, even on a terminal")
    .addHelpText("after", examples)
    .action((options: CompareOptions) => compare(options, context));
}

// --- internal ---

async function compare(options: CompareOptions, context: CommandContext): Promise<void> {
  const { folder, out, notes, paintNotes, signal } = context;
  const seed = options.seed ?? randomInt(1_000_000);
  const picture = options.picture === undefined ? undefined : resolve(folder, options.picture);
  const kind = picture === undefined ? undefined : await assertReplayFile(picture);
  const prompt = promptOf(options.prompt);
  const plan = await planOf(options, context);
  const animated = options.animation && options.json === undefined && out.isTTY === true;

  const write = async (asked: string, open: () => Promise<Opened>) => {
    const { model, name } = await open();
    try {
      const title = `${asked}: ${name}`;
      if (!options.json)
        notes.write(`${paintNotes("dim", `Writing with ${title} on ${model.settings.backend}.`)}\n`);
      const request = { prompts: [prompt], length: plan.length, seed, signal };
      const result = await runContender({ title, folder: model.settings.folder, model }, request);
      return { ...result, length: request.length, backend: model.settings.backend };
    } finally {
      await model.dispose();
    }
  };
  const diffusion = await write(options.model, plan.diffusion);
  const autoregression = await write(options.beside, () => plan.autoregression(diffusion.backend));
  const results = [diffusion, autoregression] as const;
  if (options.json) {
    const records = results.map(({ recording: _, pages: __, ...record }) => record);
    out.write(`${JSON.stringify({ results: records, timesAsFast: timesAsFast(...results), seed })}\n`);
  } else {
    await show(results, animated, context);
    notes.write(`${paintNotes("dim", `The same again: --seed ${seed}`)}\n`);
  }
  // Last: a picture that cannot be drawn loses nothing of what was written.
  if (picture === undefined || kind === undefined) return;
  const recordings = results.map(({ recording }) => recording);
  await writePicture(picture, drawReplay(kind, recordings));
  if (!options.json) notes.write(`${paintNotes("dim", `The replay is in ${options.picture}.`)}\n`);
}

async function show(
  results: readonly [ContenderResult, ContenderResult],
  animated: boolean,
  { out, paintOut, signal }: CommandContext,
): Promise<void> {
  if (animated) {
    const runs = results.map(({ pages }) => pages);
    await replaySideBySide(runs, { stream: out, paint: paintOut, signal });
  } else {
    for (const { title, text } of results)
      out.write(`${paintOut("dim", `── ${title} ──`)}\n${out.isTTY === true ? printable(text) : text}\n\n`);
  }
  out.write(describeComparison(results));
}

interface Opened {
  readonly model: Awaited<ReturnType<typeof loadTextDiffusion> | ReturnType<typeof loadAutoregression>>;
  /** How it writes. */
  readonly name: string;
}

/** Both models, opened one after the other, so that neither runs beside the other's memory. */
async function planOf(options: CompareOptions, context: CommandContext) {
  const { config } = await loadConfig(options.config, context.folder);
  const opened = await modelFolder(options.model, context);
  const beside = await modelFolder(options.beside, context, "--beside");
  const { sampler: recorded, rowLength } = await modelRecordOf(opened);
  const length = lengthFor(options.length ?? rowLength, options, (await readGpt2Config(beside)).positions);
  const sampler = adjustSampler(config.sampler ?? byName(recorded), options.sampler, options);
  const { temperature, topK, topP } = { ...tokenRuleOf(sampler), ...definedOf(options) };
  const dtype = options.dtype ?? config.dtype;
  return {
    length,
    diffusion: async (): Promise<Opened> => {
      const model = await loadTextDiffusion({
        ...config,
        folder: opened,
        backend: byName(options.backend) ?? config.backend,
        dtype,
        sampler,
      });
      return { model, name: (await model.get("sampler")).name };
    },
    /** @param same - the backend of the diffusion model; an ONNX file's runtime is none of tfjs, and the fastest one is taken */
    autoregression: async (same: string): Promise<Opened> => {
      const backend = same === "onnxruntime-node" ? undefined : same;
      const model = await loadAutoregression({ folder: beside, backend, dtype, temperature, topK, topP });
      return { model, name: "one token a step" };
    },
  };
}

/** The length that both can write: what was asked for, or what the diffusion model was trained with where the GPT-2 reads so far. */
function lengthFor(wanted: number, { length, beside }: CompareOptions, longest: number): number {
  if (wanted <= longest) return wanted;
  if (length === undefined) return longest;
  throw new DiffusionError({
    code: "CONFIG_INVALID",
    component: "cli/options",
    problem: `expected a --length of at most ${longest}, the longest text of ${beside}, got ${length}`,
    remedy: "Ask for fewer tokens",
  });
}

interface TokenRuleFlags {
  readonly temperature?: number;
  readonly topK?: number;
  readonly topP?: number;
}

/** What a sampler that was chosen by name says of drawing a token, so that both draw alike; of blocks, the one inside. */
function tokenRuleOf(chosen: unknown): TokenRuleFlags {
  const { sampler, ...rule } = chosen as TokenRuleFlags & { readonly sampler?: unknown };
  return typeof sampler === "object" && sampler !== null ? tokenRuleOf(sampler) : definedOf(rule);
}

function definedOf({ temperature, topK, topP }: TokenRuleFlags): TokenRuleFlags {
  return {
    ...(temperature !== undefined && { temperature }),
    ...(topK !== undefined && { topK }),
    ...(topP !== undefined && { topP }),
  };
}

function promptOf(given: string): string {
  const prompt = parsePrompt(given);
  if (typeof prompt === "string") return prompt;
  throw new DiffusionError({
    code: "PROMPT_INVALID",
    component: "cli/options",
    problem: `expected a prompt that both models can continue, got one with gaps: ${given}`,
    remedy: "Leave the gaps out; an autoregressive model sees nothing of what comes after them",
  });
}
