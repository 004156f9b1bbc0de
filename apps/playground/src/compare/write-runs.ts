import {
  createPipeline,
  eventLines,
  type GenerationEvent,
  type GenerationState,
  headerLine,
  type Pipeline,
  type TraceHeader,
  type TraceParent,
} from "@textdiffusion/core";
import { type Recording, record } from "@textdiffusion/render";
import { samplersPlugin } from "@textdiffusion/samplers";
import { schedulesPlugin } from "@textdiffusion/schedules";
import { samplerOf } from "../code-sample.js";
import type { OpenModel } from "../models/open-model.js";
import type { Settings } from "../settings.js";
import { headerOf } from "../trace/header-of.js";
import { runsOf } from "./runs-of.js";

/** What was written with each sampler of the settings. */
export interface WrittenRuns {
  readonly recordings: readonly Recording[];
  /** The same as traces, in lines of JSON. */
  readonly traces: readonly string[];
}

/** Where another run was left, to go on from there. */
export interface Onward {
  readonly from: GenerationState;
  readonly parent?: TraceParent;
}

/** The model with a sampler of the settings; it keeps its denoiser when this is disposed. */
export function pipelineOf(model: OpenModel, settings: Settings, sampler: object): Promise<Pipeline> {
  return createPipeline({
    plugins: [samplersPlugin, schedulesPlugin],
    tokenizer: model.tokenizer,
    denoiser: model.denoiser,
    schedule: scheduleOf(model, settings) as "linear",
    sampler: sampler as { name: "random" },
  });
}

/**
 * Writes with each sampler of the settings, a step of each in turn. A recording counts the time of its own steps alone.
 *
 * @param see - gets what was recorded so far after each turn, and the events of the turn
 * @param onward - default a new text
 */
export async function writeRuns(
  model: OpenModel,
  settings: Settings,
  signal: AbortSignal,
  see: (recordings: readonly Recording[], turn: readonly GenerationEvent[]) => void,
  onward?: Onward,
): Promise<WrittenRuns & { readonly headers: readonly TraceHeader[] }> {
  const { tokenizer } = model;
  const { prompt, length, seed } = settings;
  const schedule = scheduleOf(model, settings);
  const said = onward ? { seed } : { prompts: [prompt], length, seed, frame: model.frame };
  const request = { ...said, from: onward?.from };
  const runs = await Promise.all(
    runsOf(settings).map(async ({ title, ...chosen }) => {
      const sampler = samplerOf(chosen);
      const pipeline = await pipelineOf(model, settings, sampler);
      const { events, recording } = record(pipeline.stream(request), tokenizer, { title, timed: true });
      const header = await headerOf(
        model,
        { sampler, schedule, backend: settings.backend },
        said,
        onward?.parent,
      );
      return {
        header,
        pipeline,
        events,
        recording,
        lineOf: eventLines(tokenizer),
        lines: [`${headerLine(header)}\n`],
      };
    }),
  );
  try {
    // What a backend compiles for its first pass would count as the first sampler's.
    if (runs.length > 1) for (const { pipeline } of runs) await passOnce(pipeline.stream(request), signal);
    for (let going = runs; going.length > 0 && !signal.aborted; ) {
      const left: typeof runs = [];
      const turn: GenerationEvent[] = [];
      for (const run of going) {
        const { value, done } = await run.events.next();
        if (done) continue;
        run.lines.push(run.lineOf(value));
        left.push(run);
        turn.push(value);
      }
      going = left;
      see(
        runs.map(({ recording }) => recording()),
        turn,
      );
      await new Promise((resolve) => setTimeout(resolve)); // lets orders in
    }
  } finally {
    for (const { events, pipeline } of runs) {
      await events.return();
      await pipeline.dispose();
    }
  }
  return {
    recordings: runs.map(({ recording }) => recording()),
    traces: runs.map(({ lines }) => lines.join("")),
    headers: runs.map(({ header }) => header),
  };
}

// --- internal ---

function scheduleOf(model: OpenModel, { schedule }: Settings) {
  return schedule === "own" ? model.schedule : schedule;
}

async function passOnce(
  events: AsyncGenerator<{ readonly forwards: number }, void, void>,
  signal: AbortSignal,
): Promise<void> {
  for await (const { forwards } of events) if (forwards > 0 || signal.aborted) return;
}
