import type { WebLibrary } from "@textdiffusion/tfjs-backend-onnx/web";
import wasm from "onnxruntime-web/ort-wasm-simd-threaded.wasm?url";
import ort from "onnxruntime-web/wasm?url";

let loading: Promise<WebLibrary> | undefined;

/**
 * ONNX Runtime, 14 MB, from this site: fetched when it is first asked for. The library is a file of its own, as it was
 * published: its threads start that file anew.
 */
export function onnxRuntime(): Promise<WebLibrary> {
  loading ??= fetchRuntime().catch((error) => {
    loading = undefined;
    throw new Error(`the runtime of ONNX, 14 MB, could not be fetched: ${(error as Error).message}`);
  });
  return loading;
}

/** Threads of the runtime: one, unless the page is isolated and so may share memory. */
export function threadsHere(): number {
  return crossOriginIsolated ? navigator.hardwareConcurrency : 1;
}

// --- internal ---

async function fetchRuntime(): Promise<WebLibrary> {
  const library: WebLibrary = await import(/* @vite-ignore */ new URL(ort, import.meta.url).href);
  library.env.wasm.wasmPaths = { wasm: new URL(wasm, import.meta.url).href };
  return library;
}
