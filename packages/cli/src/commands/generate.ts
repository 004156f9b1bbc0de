import { randomInt } from "node:crypto";
import { resolve } from "node:path";
import { Command } from "commander";
import {
  type GenerationEvent,
  loadTextDiffusion,
  readModelSettings,
  type TextDiffusion,
} from "textdiffusion";
import { animate } from "../animation/animate.js";
import { adjustSampler } from "../config/adjust-sampler.js";
import { loadConfig } from "../config/load-config.js";
import { printable } from "../terminal/display-width.js";
import { formatDuration } from "../terminal/quantities.js";
import type { CommandContext } from "./context.js";
import { integer, naturalNumber, nonNegativeNumber, positiveInteger, share } from "./option-values.js";

interface GenerateOptions {
  readonly model: string;
  readonly prompt: string;
  readonly config?: string;
  readonly backend?: string;
  readonly schedule?: string;
  readonly sampler?: string;
  readonly steps?: number;
  readonly temperature?: number;
  readonly topK?: number;
  readonly topP?: number;
  readonly length?: number;
  readonly count: number;
  readonly seed?: number;
  readonly json?: true;
  readonly animation: boolean;
  readonly showConfidence?: true;
  readonly delay: number;
}

const examples = `
Examples:
  Write something, and watch it appear:
    $ textdiffusion generate --model fables --prompt "The fox"
  Again with other choices:
    $ textdiffusion generate --model fables --sampler random --steps 64 --temperature 0.8 --seed 7
  Three texts as JSON, for another program:
    $ textdiffusion generate --model fables --count 3 --json

What is not said on the command line comes from the config file, then from the model folder.
The same seed gives the same text.`;

export function generateCommand(context: CommandContext): Command {
  return new Command("generate")
    .description("write text with a trained model, from a page of masks to a page of words")
    .requiredOption("--model <folder>", "folder of the model")
    .option("--prompt <text>", "how the text begins", "")
    .option(
      "--length <tokens>",
      "tokens of the whole text, prompt included (default: as in training)",
      positiveInteger("--length"),
    )
    .option("--count <texts>", "how many texts to write", positiveInteger("--count"), 1)
    .option("--seed <number>", "same seed, same text (default: a new one each time)", integer("--seed"))
    .option("--sampler <name>", "how masks are turned into words step by step (default: the model's)")
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
    .option("--schedule <name>", "how noise grows with time (default: the model's)")
    .option("--backend <name>", "auto, wasm or cpu (default: auto)")
    .option("--config <file>", "config file (default: textdiffusion.config.* in this folder)")
    .option("--json", "print one JSON document and nothing else")
    .option("--no-animation", "print the text when it is done, even on a terminal")
    .option("--show-confidence", "colour each token by how sure the model was")
    .option("--delay <ms>", "least time that each step stays on the screen", naturalNumber("--delay"), 60)
    .addHelpText("after", examples)
    .action((options: GenerateOptions) => generate(options, context));
}

// --- internal ---

async function generate(options: GenerateOptions, context: CommandContext): Promise<void> {
  const { config } = await loadConfig(options.config, context.folder);
  const seed = options.seed ?? randomInt(1_000_000);
  const folder = resolve(context.folder, options.model);
  const { steps, temperature, topK, topP } = options;
  const chosen = config.sampler ?? (await readModelSettings(folder)).sampler;
  const model = await loadTextDiffusion({
    ...config,
    folder,
    backend: options.backend ?? config.backend,
    schedule: options.schedule ?? config.schedule,
    sampler: adjustSampler(chosen, options.sampler, { steps, temperature, topK, topP }),
  });
  try {
    const sampler = await model.get("sampler");
    const startedAt = performance.now();
    const events = model.stream({
      prompts: new Array<string>(options.count).fill(options.prompt),
      length: options.length,
      seed,
      signal: context.signal,
    });
    const animated = options.animation && options.json === undefined && context.out.isTTY === true;
    const shown = animated
      ? animate(events, {
          tokenizer: await model.get("tokenizer"),
          title: sampler.name,
          stream: context.out,
          paint: context.paintOut,
          confidence: options.showConfidence,
          stepMs: options.delay,
        })
      : events;
    const result = { seed, ...(await finished(shown, model)) };
    if (options.json) {
      context.out.write(`${JSON.stringify({ ...result, config: model.settings }, undefined, 2)}\n`);
      return;
    }
    if (!animated) printTexts(result.texts, context);
    const elapsed = formatDuration(performance.now() - startedAt);
    context.notes.write(
      `${context.paintNotes("dim", `${result.steps} steps, ${result.forwards} forwards, ${elapsed}. Again the same: --seed ${seed}`)}\n`,
    );
  } finally {
    await model.dispose();
  }
}

interface Result {
  readonly texts: readonly string[];
  /** Token ids, one list a text. */
  readonly ids: readonly (readonly number[])[];
  readonly steps: number;
  readonly forwards: number;
}

async function finished(events: AsyncIterable<GenerationEvent>, model: TextDiffusion): Promise<Result> {
  const tokenizer = await model.get("tokenizer");
  let seq = 0;
  let result: Result = { texts: [], ids: [], steps: 0, forwards: 0 };
  for await (const event of events) {
    if (event.kind === "started") seq = event.seq;
    if (event.kind !== "finished") continue;
    const { ids, steps, forwards } = event;
    const rows = Array.from({ length: ids.length / seq }, (_, row) => ids.slice(row * seq, (row + 1) * seq));
    result = {
      texts: rows.map((row) => tokenizer.decode(row)),
      ids: rows.map((row) => [...row]),
      steps,
      forwards,
    };
  }
  return result;
}

/** The texts as they are to another program, without control characters to a terminal. */
function printTexts(texts: readonly string[], { out, paintOut }: CommandContext): void {
  texts.forEach((text, index) => {
    if (texts.length > 1)
      out.write(`${index > 0 ? "\n" : ""}${paintOut("dim", `── ${index + 1} of ${texts.length} ──`)}\n`);
    out.write(`${out.isTTY === true ? printable(text) : text}\n`);
  });
}
