import { resolve } from "node:path";
import { type PageState, pageReducer } from "@textdiffusion/render";
import { Command, Option } from "commander";
import {
  byName,
  DiffusionError,
  decimals,
  type GenerationEvent,
  loadTracedModel,
  readTraceFile,
  type StepFinished,
  type Trace,
  type TraceEnding,
  textTable,
  tracedConstraint,
  verifyTrace,
} from "textdiffusion";
import { animate } from "../animation/animate.js";
import { renderFrame } from "../animation/render-frame.js";
import { loadConfig } from "../config/load-config.js";
import { modelFolder } from "../config/model-folder.js";
import type { CommandContext } from "./context.js";
import { knownNames } from "./known-names.js";
import { naturalNumber, positiveNumber } from "./option-values.js";

interface ReplayOptions {
  readonly fps: number;
  readonly step?: number;
  readonly list?: true;
  readonly verify?: true;
  readonly showConfidence?: true;
  readonly model?: string;
  readonly backend?: string;
  readonly config?: string;
}

const examples = `
Examples:
  Trace a run, then watch it again, slowly:
    $ textdiffusion generate --model fables --prompt "The fox" --trace run.jsonl
    $ textdiffusion replay run.jsonl --fps 4
  Its page after ten steps, and a table of all steps:
    $ textdiffusion replay run.jsonl --step 10
    $ textdiffusion replay run.jsonl --list
  Does the model still write it, step for step?
    $ textdiffusion replay run.jsonl --verify

A replay needs no model; --verify does. A trace that ends early is shown as far as it goes.
What a trace holds: docs/trace.md of the project.`;

export function replayCommand(context: CommandContext): Command {
  return new Command("replay")
    .description("show a traced run again, or check that the model still writes it")
    .argument("<trace>", "file made by generate --trace or by fork")
    .option("--fps <number>", "steps a second on the screen", positiveNumber("--fps"), 12)
    .addOption(
      new Option("--step <number>", "show the page after this many steps")
        .argParser(naturalNumber("--step"))
        .conflicts(["list", "verify"]),
    )
    .addOption(new Option("--list", "print a table of the steps").conflicts("verify"))
    .option("--verify", "run it again with the model, and compare each step")
    .option("--show-confidence", "colour each token by how sure the model was")
    .option("--model <folder>", "with --verify: where the model is now (default: where it was)")
    .option("--backend <name>", `with --verify: ${knownNames("backend")} (default: as in the trace)`)
    .option("--config <file>", "with --verify: config file whose plugins the run needs")
    .addHelpText("after", examples)
    .action((file: string, options: ReplayOptions) => replay(file, options, context));
}

// --- internal ---

async function replay(file: string, options: ReplayOptions, context: CommandContext): Promise<void> {
  const trace = await readTraceFile(resolve(context.folder, file));
  try {
    if (options.verify) await verify(file, trace, options, context);
    else if (options.list) await list(trace, context);
    else if (options.step !== undefined) await showStep(options.step, trace, options, context);
    else await show(trace, options, context);
    if (options.step !== undefined) return; // not read to its end
    const end = describeEnding(file, trace.ending());
    if (end !== undefined) context.notes.write(`${context.paintNotes("fair", end)}\n`);
  } finally {
    await trace.events.return();
  }
}

/** What a user should know of a trace that ends before its run did. */
export function describeEnding(file: string, { complete, step, torn }: TraceEnding): string | undefined {
  if (complete) return undefined;
  const how = torn ? "in the middle of a line: the run was cut off there" : "without an end of the run";
  return `${file} ends after step ${step}, ${how}.`;
}

async function show(trace: Trace, options: ReplayOptions, context: CommandContext): Promise<void> {
  const { out, paintOut, signal } = context;
  const { showConfidence: confidence } = options;
  if (out.isTTY === true) {
    const events = animate(trace.events, {
      tokenizer: trace.tokenizer,
      wideTokens: trace.header.tokenizer.wideTokens,
      title: titleOf(trace),
      stream: out,
      paint: paintOut,
      confidence,
      stepMs: 1000 / options.fps,
    });
    for await (const _ of events) if (signal.aborted) return;
    return;
  }
  let between = "";
  for await (const page of pagesOf(trace)) {
    out.write(`${between}${renderFrame(page, PLAIN_WIDTH, { paint: paintOut, confidence })}\n`);
    between = "\n";
    if (signal.aborted) return;
  }
}

async function showStep(
  step: number,
  trace: Trace,
  { showConfidence: confidence }: ReplayOptions,
  { out, paintOut }: CommandContext,
): Promise<void> {
  let first: number | undefined;
  let last = 0;
  for await (const page of pagesOf(trace)) {
    first ??= page.step;
    last = page.step;
    if (page.step !== step || step < first) continue;
    out.write(`${renderFrame(page, out.columns ?? PLAIN_WIDTH, { paint: paintOut, confidence })}\n`);
    return;
  }
  throw new DiffusionError({
    code: "TRACE_INVALID",
    component: "cli/replay",
    problem: `expected a step from ${first ?? 0} to ${last} for --step, got ${step}`,
    remedy: "See the steps with --list",
  });
}

async function list(trace: Trace, { out }: CommandContext): Promise<void> {
  const rows: string[][] = [];
  for await (const event of trace.events) if (event.kind === "step") rows.push(rowOf(event));
  out.write(
    textTable(["step", "t", "masked", "settled", "kept", "back", "mean confidence", "forwards"], rows),
  );
}

function rowOf({ step, t, masked, revealed, confirmed, remasked, forwards }: StepFinished): string[] {
  const seen = [...revealed, ...confirmed].flatMap(({ logProb }) =>
    logProb === undefined ? [] : [Math.exp(logProb)],
  );
  const mean = seen.reduce((sum, probability) => sum + probability, 0) / seen.length;
  const counts = [masked, revealed.length, confirmed.length, remasked.length].map(String);
  return [String(step + 1), decimals(t, 3), ...counts, decimals(mean, 3), String(forwards)];
}

async function verify(
  file: string,
  trace: Trace,
  options: ReplayOptions,
  context: CommandContext,
): Promise<void> {
  const { folder, notes, out, signal } = context;
  const { config } = await loadConfig(options.config, folder);
  const model = await loadTracedModel(trace.header, {
    plugins: config.plugins,
    folder: options.model && (await modelFolder(options.model, context)),
    backend: byName(options.backend),
  });
  try {
    const constraint = tracedConstraint(trace.header, await model.get("tokenizer"));
    notes.write(`Running ${file} again on ${model.settings.backend}.\n`);
    const { equalSteps, confidenceGap, difference } = await verifyTrace(trace, model, { constraint, signal });
    if (difference !== undefined) {
      const where = difference.step === undefined ? "page" : `step ${difference.step + 1}`;
      throw new DiffusionError({
        code: "TRACE_DIFFERS",
        component: "cli/replay",
        problem: `expected ${where} to be the same again, got a difference: ${difference.what}`,
        remedy: `The ${equalSteps} steps before are equal. Another backend or machine rounds otherwise; see "platform" in the first line of ${file}`,
        details: { equalSteps, ...difference },
      });
    }
    const gap =
      confidenceGap === 0
        ? "and so are all confidences"
        : `confidences differ by at most ${confidenceGap.toPrecision(2)}`;
    out.write(`All ${equalSteps} steps are equal, ${gap}.\n`);
  } finally {
    await model.dispose();
  }
}

const PLAIN_WIDTH = 80;

async function* pagesOf(trace: Trace): AsyncGenerator<PageState, void, void> {
  const reduce = pageReducer(trace.tokenizer, titleOf(trace), trace.header.tokenizer.wideTokens);
  let page: PageState | undefined;
  for await (const event of trace.events as AsyncIterable<GenerationEvent>) {
    page = reduce(page, event);
    yield page;
  }
}

/** The name of the run's sampler. */
export function titleOf({ header }: Trace): string {
  const { sampler } = header.config;
  if (typeof sampler === "string") return sampler;
  const { name } = (sampler ?? {}) as { readonly name?: unknown };
  return typeof name === "string" ? name : "a run";
}
