import { type PassedBy, startBackend as start } from "@textdiffusion/backend-web";
import type { Backend, Denoiser } from "@textdiffusion/core";
import { wasmPaths } from "../tiny-model.js";
import { onnxRuntime, threadsHere } from "./onnx-runtime.js";

/** A model on a started backend. */
export interface Computing {
  readonly backend: Backend;
  readonly denoiser: Denoiser;
  /** Backends that this browser could not or should not use, and why. */
  readonly passedBy: readonly PassedBy[];
}

/**
 * From a pass of this length on the runtime of ONNX may be worth its 14 MB: a text of 64 steps takes a quarter of a minute
 * without it. What is faster already gains little.
 */
const SLOW_PASS_MS = 200;

/**
 * Starts a backend and loads a model on it. `auto` takes a graphics processor where there is one. Else it takes
 * WebAssembly, and measures: where a pass through the model is slow, and ONNX Runtime has more than one thread, which is what
 * makes it faster, it tries that as well and keeps the faster of the two.
 *
 * @param load - the model on the backend that was started last
 * @throws DiffusionError `BACKEND_UNAVAILABLE`, and what `load` throws
 */
export async function startComputing(name: string, load: () => Promise<Denoiser>): Promise<Computing> {
  if (name !== "auto") return computing(await start(name, { wasmPaths, onnxRuntime }), load);
  const first = await computing(await start("auto", { wasmPaths }), load);
  const { name: found } = first.backend;
  if (found === "onnx") return first; // fetched before, and so the first that starts
  if (found !== "wasm") return withReason(first, "onnx", `comes after ${found}`);
  if (threadsHere() === 1) {
    return withReason(
      first,
      "onnx",
      "no faster than wasm on one thread; a page that is isolated (COOP, COEP) has more",
    );
  }
  let wasmMs = await passMs(first.denoiser, 1);
  if (wasmMs >= SLOW_PASS_MS) wasmMs = await passMs(first.denoiser, 2); // the first one filled caches
  if (wasmMs < SLOW_PASS_MS) {
    return withReason(first, "onnx", `a pass takes ${wasmMs} ms on wasm: not worth the 14 MB of its runtime`);
  }
  const { passedBy } = first;
  await stopComputing(first); // two copies of a large model might not fit
  const onnx = await startComputing("onnx", load).catch((error: unknown) => error as Error);
  if (onnx instanceof Error) {
    return withReason({ ...(await startComputing("wasm", load)), passedBy }, "onnx", onnx.message);
  }
  const onnxMs = await passMs(onnx.denoiser, 4); // the first ones compile
  if (onnxMs < wasmMs) {
    const others = passedBy.filter((other) => other.name !== "onnx");
    return withReason(
      { ...onnx, passedBy: others },
      "wasm",
      `a pass takes ${wasmMs} ms there, ${onnxMs} here`,
    );
  }
  await stopComputing(onnx);
  const wasm = { ...(await startComputing("wasm", load)), passedBy };
  return withReason(wasm, "onnx", `a pass takes ${onnxMs} ms there, ${wasmMs} here`);
}

export async function stopComputing({
  denoiser,
  backend,
}: Pick<Computing, "backend" | "denoiser">): Promise<void> {
  denoiser.dispose();
  await backend.dispose();
}

// --- internal ---

async function computing(backend: Backend, load: () => Promise<Denoiser>): Promise<Computing> {
  const { passedBy = [] } = backend as { readonly passedBy?: readonly PassedBy[] };
  try {
    return { backend, denoiser: await load(), passedBy };
  } catch (error) {
    await backend.dispose();
    throw error;
  }
}

function withReason(found: Computing, name: string, reason: string): Computing {
  return { ...found, passedBy: [...found.passedBy.filter((other) => other.name !== name), { name, reason }] };
}

/** Milliseconds of the fastest of some passes of a text of the usual length, all of it wanted. */
async function passMs(denoiser: Denoiser, passes: number): Promise<number> {
  let fastest = Number.POSITIVE_INFINITY;
  for (let pass = 0; pass < passes; pass++) fastest = Math.min(fastest, await onePassMs(denoiser));
  return fastest;
}

async function onePassMs(denoiser: Denoiser): Promise<number> {
  const seq = Math.min(128, denoiser.maxLength);
  const begin = performance.now();
  const distributions = await denoiser.denoise({
    batch: 1,
    seq,
    ids: new Int32Array(seq),
    attentionMask: new Uint8Array(seq).fill(1),
    time: Float64Array.of(1),
    positions: Int32Array.from({ length: seq }, (_, position) => position),
  });
  await distributions.draw({ temperature: 0 }, new Float64Array(seq).fill(0.5));
  distributions.dispose();
  return Math.round(performance.now() - begin);
}
