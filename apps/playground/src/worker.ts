/** Loads models and writes with them, so that the page stays free to move. */
import { createPipeline, DiffusionError } from "@textdiffusion/core";
import { record } from "@textdiffusion/render";
import { samplersPlugin } from "@textdiffusion/samplers";
import { schedulesPlugin } from "@textdiffusion/schedules";
import { samplerOf } from "./code-sample.js";
import type { Order, Report } from "./messages.js";
import { messageOf } from "./models/message-of.js";
import { ModelHolder } from "./models/model-holder.js";
import type { Settings } from "./settings.js";
import { fetchTinyModel } from "./tiny-model.js";

const models = new ModelHolder();
let running: AbortController | undefined;
let last: Promise<void> = Promise.resolve();

/** One order after the other: each waits until the one before has let go of the model. */
self.onmessage = ({ data }: MessageEvent<Order>) => {
  running?.abort();
  if (data.kind === "stop") return;
  const controller = new AbortController();
  running = controller;
  last = last.then(() =>
    data.kind === "write" ? write(data.settings, controller.signal).catch(fail) : load(data),
  );
};
fetchTinyModel().then(() => report({ kind: "loaded" }), fail);

async function write(settings: Settings, signal: AbortSignal): Promise<void> {
  const { tokenizer, denoiser, schedule, frame, device, passedBy } = await models.on(settings.backend);
  const pipeline = await createPipeline({
    plugins: [samplersPlugin, schedulesPlugin],
    tokenizer,
    denoiser,
    schedule: schedule as "linear",
    sampler: samplerOf(settings) as { name: "random" },
  });
  const { prompt, length, seed } = settings;
  const { events, recording } = record(
    pipeline.stream({ prompts: [prompt], length, seed, frame }),
    tokenizer,
    { title: settings.sampler, timed: true },
  );
  for await (const _ of events) {
    report({ kind: "step", recording: recording() });
    await new Promise((resolve) => setTimeout(resolve)); // lets orders in
    if (signal.aborted) break;
  }
  await pipeline.dispose();
  report({ kind: "done", recording: recording(), stopped: signal.aborted, device, passedBy });
}

async function load({ model, backend }: Extract<Order, { readonly kind: "load" }>): Promise<void> {
  try {
    const { info } = await models.choose(model, backend);
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
