/** Trains a model, so that the page stays free to move. The page ends this Worker when it wants another model. */
import { type PassedBy, startBackend } from "@textdiffusion/backend-web";
import { type Backend, DiffusionError } from "@textdiffusion/core";
import { onnxRuntime } from "../models/onnx-runtime.js";
import { wasmPaths } from "../tiny-model.js";
import type { TrainingOrder, TrainingReport } from "./messages.js";
import { openRun, type Run } from "./run.js";

const stopping = new AbortController();
let isPaused = false;
let isSaveAsked = false;
let wake = () => {};

self.onmessage = ({ data }: MessageEvent<TrainingOrder>) => {
  if (data.kind === "train") void work(data).catch(fail);
  if (data.kind === "pause") isPaused = true;
  if (data.kind === "go on") isPaused = false;
  if (data.kind === "save") isSaveAsked = true;
  if (data.kind === "stop") stopping.abort();
  wake();
};

async function work({ text, settings }: Extract<TrainingOrder, { kind: "train" }>): Promise<void> {
  const backend = await startBackend(settings.backend, {
    wasmPaths,
    ...(settings.backend === "onnx" && { onnxRuntime }), // 14 MB, and no faster for models this small: "auto" does without
  });
  await import("@tensorflow/tfjs-core/dist/register_all_gradients"); // without .js: that one is empty here, see vite.config.ts
  const run = await openRun(text, settings, stopping.signal);
  report({ kind: "opened", device: backend.capabilities.device, passedBy: passedBy(backend) });
  const sampleEvery = Math.ceil(settings.steps / 20);
  let sampledStep: number | undefined;
  for await (const event of run.events) {
    report({ kind: "event", event });
    const { kind, step } = event;
    const isDue = kind === "started" || kind === "finished" || (kind === "step" && step % sampleEvery === 0);
    if (isDue && step !== sampledStep) {
      report({ kind: "sample", step, text: await run.write() });
      sampledStep = step;
    }
    await attend(run, step, () => !isPaused || stopping.signal.aborted || kind === "finished");
  }
  await attend(run, undefined, () => false); // the model stays, to be saved
}

/** Hears orders, saves where that is asked for, and returns when the training may go on. */
async function attend(run: Run, step: number | undefined, mayGoOn: () => boolean): Promise<void> {
  await breathe();
  let isTold = false;
  for (;;) {
    if (isSaveAsked) {
      isSaveAsked = false;
      report({ kind: "files", files: await run.files() });
    }
    if (mayGoOn()) return;
    if (!isTold && step !== undefined) report({ kind: "paused", step });
    isTold = true;
    await new Promise<void>((resolve) => {
      wake = resolve;
    });
  }
}

let breathedAt = 0;

/** A backend that computes at once never lets an order be heard; to wait costs some milliseconds. */
async function breathe(): Promise<void> {
  if (performance.now() - breathedAt < 50) return;
  await new Promise((resolve) => setTimeout(resolve));
  breathedAt = performance.now();
}

function passedBy(backend: Backend): readonly PassedBy[] {
  const { passedBy = [] } = backend as { readonly passedBy?: readonly PassedBy[] };
  return passedBy.filter(({ name }) => name !== "onnx"); // see above
}

function report(message: TrainingReport): void {
  self.postMessage(message);
}

function fail(error: unknown): void {
  report({ kind: "failed", message: DiffusionError.is(error) ? error.message : String(error) });
}
