/** Loads models and writes with them, so that the page stays free to move. */
import { DiffusionError } from "@textdiffusion/core";
import { writeRuns } from "./compare/write-runs.js";
import type { Order, Report } from "./messages.js";
import { messageOf } from "./models/message-of.js";
import { ModelHolder } from "./models/model-holder.js";
import type { Settings } from "./settings.js";
import { fetchTinyModel } from "./tiny-model.js";
import { readTraces } from "./trace/read-traces.js";

const models = new ModelHolder();
let running: AbortController | undefined;
let last: Promise<void> = Promise.resolve();

/** One order after the other: each waits until the one before has let go of the model. */
self.onmessage = ({ data }: MessageEvent<Order>) => {
  running?.abort();
  if (data.kind === "stop") return;
  const controller = new AbortController();
  running = controller;
  last = last.then(() => {
    if (data.kind === "write") return write(data.settings, controller.signal).catch(fail);
    return data.kind === "open" ? open(data.traces) : load(data);
  });
};
fetchTinyModel().then(() => report({ kind: "loaded" }), fail);

async function write(settings: Settings, signal: AbortSignal): Promise<void> {
  const model = await models.on(settings.backend);
  const written = await writeRuns(model, settings, signal, (recordings) =>
    report({ kind: "step", recordings }),
  );
  const { device, passedBy } = model;
  report({ kind: "done", ...written, stopped: signal.aborted, device, passedBy });
}

async function open(files: readonly File[]): Promise<void> {
  try {
    report({ kind: "opened", ...(await readTraces(files)) });
  } catch (error) {
    report({ kind: "unread", message: messageOf(error) });
  }
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
