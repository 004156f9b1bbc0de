/** Loads the model and writes with it, so that the page stays free to move. */
import { type PassedBy, startBackend } from "@textdiffusion/backend-web";
import {
  type Backend,
  createPipeline,
  DiffusionError,
  idsUnknownTo,
  type Pipeline,
} from "@textdiffusion/core";
import { type FileTokenizer, tokenizerFromFiles } from "@textdiffusion/data";
import { paddedDenoiser } from "@textdiffusion/denoisers";
import { maskedLanguageModelDenoiser, modelFromFiles } from "@textdiffusion/models";
import { record } from "@textdiffusion/render";
import { samplersPlugin } from "@textdiffusion/samplers";
import { schedulesPlugin } from "@textdiffusion/schedules";
import { samplerOf } from "./code-sample.js";
import type { Order, Report } from "./messages.js";
import type { Settings } from "./settings.js";
import { fetchTinyModel, wasmPaths } from "./tiny-model.js";

type Denoiser = Awaited<ReturnType<Pipeline["get"]>> & ReturnType<typeof paddedDenoiser>;

const loading = fetchTinyModel();
let open: { readonly name: string; readonly backend: Backend; readonly denoiser: Denoiser } | undefined;
let running: AbortController | undefined;

self.onmessage = ({ data }: MessageEvent<Order>) => {
  running?.abort();
  if (data.kind === "write") void write(data.settings).catch(fail);
};
loading.then(() => report({ kind: "loaded" }), fail);

async function write(settings: Settings): Promise<void> {
  const controller = new AbortController();
  running = controller;
  const files = await loading;
  const tokenizer = tokenizerFromFiles(files);
  const { backend, denoiser } = await openModel(settings.backend, tokenizer);
  const pipeline = await createPipeline({
    plugins: [samplersPlugin, schedulesPlugin],
    tokenizer,
    denoiser,
    schedule: "linear",
    sampler: samplerOf(settings) as { name: "random" },
  });
  const { prompt, length, seed } = settings;
  const { events, recording } = record(
    pipeline.stream({ prompts: [prompt], length, seed, frame: false }),
    tokenizer,
    { title: settings.sampler, timed: true },
  );
  for await (const _ of events) {
    report({ kind: "step", recording: recording() });
    await new Promise((resolve) => setTimeout(resolve)); // lets orders in
    if (controller.signal.aborted) break;
  }
  await pipeline.dispose();
  report({
    kind: "done",
    recording: recording(),
    stopped: controller.signal.aborted,
    device: backend.capabilities.device,
    passedBy: passedBy(backend),
  });
}

/** The model on a backend; the one before it makes way. */
async function openModel(name: string, tokenizer: FileTokenizer) {
  if (open?.name === name) return open;
  await close();
  const backend = await startBackend(name, { wasmPaths });
  const model = await modelFromFiles(await loading, "the tiny model");
  const denoiser = paddedDenoiser(
    maskedLanguageModelDenoiser(model, {
      maskTokenId: tokenizer.special.mask,
      forbidden: idsUnknownTo(tokenizer, model.vocabularySize),
    }),
  );
  open = { name, backend, denoiser: denoiser as Denoiser };
  return open;
}

async function close(): Promise<void> {
  const closing = open;
  open = undefined;
  closing?.denoiser.dispose();
  await closing?.backend.dispose();
}

function passedBy(backend: Backend): readonly PassedBy[] {
  const { passedBy = [] } = backend as { readonly passedBy?: readonly PassedBy[] };
  return passedBy.filter(({ name }) => name !== "onnx"); // this page does not bring its runtime
}

function report(message: Report): void {
  self.postMessage(message);
}

/** After a failure the model is loaded anew: its device may be lost. */
async function fail(error: unknown): Promise<void> {
  const message = DiffusionError.is(error) || error instanceof Error ? error.message : String(error);
  report({ kind: "failed", message });
  await close().catch(() => undefined);
}
