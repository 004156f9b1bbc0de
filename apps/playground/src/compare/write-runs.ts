import { createPipeline, eventLines, headerLine } from "@textdiffusion/core";
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

/**
 * Writes with each sampler of the settings, a step of each in turn. A recording counts the time of its own steps alone.
 *
 * @param see - gets what was recorded so far after each turn
 */
export async function writeRuns(
  model: OpenModel,
  settings: Settings,
  signal: AbortSignal,
  see: (recordings: readonly Recording[]) => void,
): Promise<WrittenRuns> {
  const { tokenizer, denoiser } = model;
  const { prompt, length, seed } = settings;
  const schedule = settings.schedule === "own" ? model.schedule : settings.schedule;
  const request = { prompts: [prompt], length, seed, frame: model.frame };
  const runs = await Promise.all(
    runsOf(settings).map(async ({ title, ...chosen }) => {
      const sampler = samplerOf(chosen);
      const pipeline = await createPipeline({
        plugins: [samplersPlugin, schedulesPlugin],
        tokenizer,
        denoiser,
        schedule: schedule as "linear",
        sampler: sampler as { name: "random" },
      });
      const { events, recording } = record(pipeline.stream(request), tokenizer, { title, timed: true });
      const header = await headerOf(model, { sampler, schedule, backend: settings.backend }, request);
      return {
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
      for (const run of going) {
        const { value, done } = await run.events.next();
        if (done) continue;
        run.lines.push(run.lineOf(value));
        left.push(run);
      }
      going = left;
      see(runs.map(({ recording }) => recording()));
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
  };
}

// --- internal ---

async function passOnce(
  events: AsyncGenerator<{ readonly forwards: number }, void, void>,
  signal: AbortSignal,
): Promise<void> {
  for await (const { forwards } of events) if (forwards > 0 || signal.aborted) return;
}
