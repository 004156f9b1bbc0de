/** Loads models and writes with them, so that the page stays free to move. */
import { DiffusionError, type GenerationEvent } from "@textdiffusion/core";
import type { Recording } from "@textdiffusion/render";
import { samplerOf } from "./code-sample.js";
import { pipelineOf, writeRuns } from "./compare/write-runs.js";
import { EditableRun } from "./editing/editable-run.js";
import type { InspectOrder } from "./editing/messages.js";
import type { Order, Report } from "./messages.js";
import { messageOf } from "./models/message-of.js";
import { ModelHolder } from "./models/model-holder.js";
import type { Settings } from "./settings.js";
import { fetchTinyModel } from "./tiny-model.js";
import { readTraces } from "./trace/read-traces.js";

const models = new ModelHolder();
const run = new EditableRun();
/** What the text that is shown was written with. */
let written: Settings | undefined;
let running: AbortController | undefined;
let last: Promise<void> = Promise.resolve();

/** One order after the other: each waits until the one before has let go of the model. */
self.onmessage = ({ data }: MessageEvent<Order>) => {
  if (data.kind === "inspect") {
    last = last.then(() => inspect(data).catch(fail));
    return;
  }
  running?.abort();
  if (data.kind === "stop") return;
  const controller = new AbortController();
  running = controller;
  last = last.then(() => {
    if (data.kind === "write") return write(data, controller.signal).catch(fail);
    return data.kind === "open" ? open(data.traces) : load(data);
  });
};
fetchTinyModel().then(() => report({ kind: "loaded" }), fail);

async function write(
  { settings, from }: Extract<Order, { readonly kind: "write" }>,
  signal: AbortSignal,
): Promise<void> {
  const model = await models.on(settings.backend);
  const onward = from ? run.goOn(from, model.tokenizer) : run.begin();
  written = onward ? pacedFor(from?.edits.rewritten ?? [], settings) : settings;
  /** What a run goes on from stands before it. */
  const shown = (recordings: readonly Recording[]) =>
    recordings.length > 1 ? recordings : [run.recording as Recording];
  const see = (recordings: readonly Recording[], [event]: readonly GenerationEvent[]) => {
    if (recordings.length > 1) run.clear();
    else if (event) run.follow(event, recordings[0]);
    report({ kind: "step", recordings: shown(recordings) });
    if (event?.kind === "started") report(run.lockReport());
  };
  const { recordings, traces, headers } = await writeRuns(model, written, signal, see, onward);
  run.wrote(headers[0]);
  const { device, passedBy } = model;
  report({ kind: "done", recordings: shown(recordings), traces, stopped: signal.aborted, device, passedBy });
}

/** One sampler goes on; where a selection is written again, with a step for each of its tokens at most. */
function pacedFor({ length }: readonly number[], settings: Settings): Settings {
  return {
    ...settings,
    second: undefined,
    steps: length > 0 ? Math.min(settings.steps, length) : settings.steps,
  };
}

async function inspect(order: InspectOrder): Promise<void> {
  if (written === undefined || run.recording === undefined) return;
  const model = await models.on(written.backend);
  const pipeline = await pipelineOf(model, written, samplerOf(written));
  report(await run.inspect(order, { ...model, schedule: await pipeline.get("schedule") }));
  await pipeline.dispose();
}

async function open(files: readonly File[]): Promise<void> {
  try {
    const opened = await readTraces(files);
    run.clear();
    report({ kind: "opened", ...opened });
  } catch (error) {
    report({ kind: "unread", message: messageOf(error) });
  }
}

async function load({ model, backend }: Extract<Order, { readonly kind: "load" }>): Promise<void> {
  try {
    const { info } = await models.choose(model, backend);
    run.clear();
    report({ kind: "taken", model: info });
  } catch (error) {
    report({ kind: "refused", message: messageOf(error) });
  }
}

function report(message: Report): void {
  self.postMessage(message);
}

/** After a failure the model is loaded anew: its device may be lost. */
async function fail(error: unknown): Promise<void> {
  const isLost = DiffusionError.is(error, "RUNTIME_FAILED");
  report({
    kind: "failed",
    message: `${messageOf(error)}${isLost ? ". The next text loads the model again" : ""}`,
  });
  await models.close();
}
