import { resolve } from "node:path";
import { Command } from "commander";
import {
  byName,
  DiffusionError,
  forkTrace,
  loadTracedModel,
  readTraceFile,
  tracedConstraint,
  tracedSampler,
  traceToFile,
} from "textdiffusion";
import { adjustSampler } from "../config/adjust-sampler.js";
import { loadConfig } from "../config/load-config.js";
import { modelFolder } from "../config/model-folder.js";
import type { CommandContext } from "./context.js";
import { knownNames } from "./known-names.js";
import { integer, naturalNumber, nonNegativeNumber, positiveInteger, share } from "./option-values.js";
import { parseLock, type TextLock, tokensOfLocks } from "./parse-lock.js";
import { addShowOptions, type ShowOptions, showGeneration } from "./show-generation.js";

interface ForkOptions extends ShowOptions {
  readonly at: number;
  readonly out: string;
  readonly seed?: number;
  readonly lock?: readonly TextLock[];
  readonly model?: string;
  readonly backend?: string;
  readonly config?: string;
  readonly sampler?: string;
  readonly block?: number;
  readonly steps?: number;
  readonly temperature?: number;
  readonly topK?: number;
  readonly topP?: number;
}

const examples = `
Examples:
  What if another sampler had gone on after five steps?
    $ textdiffusion fork run.jsonl --at 5 --sampler entropy --out entropy.jsonl
  What if the luck had been another, or the word "moon" had stood there?
    $ textdiffusion fork run.jsonl --at 5 --seed 8 --out luck.jsonl
    $ textdiffusion fork run.jsonl --at 5 --lock "0:12=moon" --out moon.jsonl
  Watch what became of it:
    $ textdiffusion replay moon.jsonl

With nothing changed the rest is that of the run, token for token. A sampler with as many steps goes on at the same
step; another grid is entered at the time that fits the share of masks. Rows that were done stay.`;

export function forkCommand(context: CommandContext): Command {
  const command = new Command("fork")
    .description("go on from a step of a traced run: another sampler, seed, or words locked in place")
    .argument("<trace>", "file made by generate --trace or by fork")
    .requiredOption("--at <step>", "steps of the run to keep", naturalNumber("--at"))
    .requiredOption("--out <file>", "where the trace of the fork goes")
    .option("--seed <number>", "default: that of the run", integer("--seed"))
    .option(
      "--lock <row:position=text>",
      "text to put in place, which stays; may be repeated",
      (argument: string, before: readonly TextLock[] = []) => [...before, parseLock(argument)],
    )
    .option("--sampler <name>", `how it goes on: ${knownNames("sampler")} (default: that of the run)`)
    .option("--steps <number>", "steps of the sampler's whole grid", positiveInteger("--steps"))
    .option("--temperature <number>", "0 always takes the likeliest word", nonNegativeNumber("--temperature"))
    .option("--top-k <tokens>", "draw among this many likeliest tokens only", positiveInteger("--top-k"))
    .option("--top-p <share>", "draw among the likeliest tokens that make up this share", share("--top-p"))
    .option("--block <tokens>", "go on in blocks of this many tokens", positiveInteger("--block"))
    .option("--model <folder>", "where the model is now (default: where it was)")
    .option("--backend <name>", `where to compute: ${knownNames("backend")} (default: as in the trace)`)
    .option("--config <file>", "config file whose plugins the run needs");
  return addShowOptions(command)
    .addHelpText("after", examples)
    .action((file: string, options: ForkOptions) => fork(file, options, context));
}

// --- internal ---

async function fork(file: string, options: ForkOptions, context: CommandContext): Promise<void> {
  const { folder, notes, signal } = context;
  const [from, to] = [resolve(folder, file), resolve(folder, options.out)];
  if (from === to) {
    throw new DiffusionError({
      code: "FILE_NOT_WRITABLE",
      component: "cli/fork",
      problem: `expected another file than the run's for the fork, got ${options.out}`,
      remedy: "Choose another file with --out",
    });
  }
  const { config } = await loadConfig(options.config, folder);
  const trace = await readTraceFile(from);
  const chosen = tracedSampler(trace.header) ?? byName(options.sampler);
  const model = await loadTracedModel(trace.header, {
    plugins: config.plugins,
    folder: options.model && (await modelFolder(options.model, context)),
    backend: byName(options.backend),
    sampler: chosen && adjustSampler(chosen, options.sampler, options),
  });
  try {
    const tokenizer = await model.get("tokenizer");
    const { at, seed } = options;
    const locks = tokensOfLocks(options.lock ?? [], tokenizer);
    const constraint = tracedConstraint(trace.header, tokenizer);
    const { request, parent } = await forkTrace(trace, { at, seed, locks, constraint }, tokenizer);
    const { name } = await model.get("sampler");
    await showGeneration({
      events: traceToFile(to, model, { ...request, signal }, parent),
      model,
      seed: request.seed ?? 0,
      options,
      context,
      announcement: `Going on after step ${at} of ${file} with the sampler "${name}" on ${model.settings.backend}.`,
    });
    if (!options.json) notes.write(`The fork is in ${options.out}.\n`);
  } finally {
    await trace.events.return();
    await model.dispose();
  }
}
