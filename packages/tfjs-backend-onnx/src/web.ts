/** The entry for browsers: nothing here, and nothing that it imports, needs Node. */
import { findBackend, setBackend } from "@tensorflow/tfjs-core";
import { registerReductionGradients } from "./gradients/reduction-gradients.js";
import type { OnnxBackend } from "./onnx-backend.js";
import { backendName, type OnnxBackendOptions, registerBackendOn } from "./register-backend.js";
import type { OnnxRuntime } from "./runtime/onnx-runtime.js";

export { type ExportInput, encodeOnnx, type RecordOptions } from "./export/record-onnx.js";
export { type FreezeType, freezeTypes } from "./graph/frozen-weight.js";
export { OnnxBackend, type OnnxBackendStatistics } from "./onnx-backend.js";
export { OnnxBackendError, type OnnxBackendErrorCode } from "./onnx-backend-error.js";
export { backendName, type OnnxBackendOptions } from "./register-backend.js";
export type { OnnxRuntime, OnnxSession, SessionSettings } from "./runtime/onnx-runtime.js";
export { type WebLibrary, webRuntime } from "./runtime/web-runtime.js";

/** Where graphs run must be named: `webRuntime(ort)`. */
export type WebOnnxBackendOptions = OnnxBackendOptions & { readonly runtime: OnnxRuntime };

/**
 * Registers the backend `onnx` on a runtime, which browsers have to name, and makes it the current backend. A second
 * call replaces the first backend; tensors on that one are lost. Training needs tfjs's gradients as well:
 * `import "@tensorflow/tfjs-core/dist/register_all_gradients.js"`.
 *
 * @param options.runtime - `webRuntime(ort)`
 * @returns the backend, for its own functions: `flush`, `freeze`, `statistics`
 * @throws OnnxBackendError `OPTION_INVALID` for an option out of range
 */
export async function installOnnxBackend(options: WebOnnxBackendOptions): Promise<OnnxBackend> {
  registerOnnxBackend(options);
  await setBackend(backendName);
  return findBackend(backendName) as OnnxBackend;
}

/**
 * The same without making it current: for programs that choose among backends. tfjs makes the backend when it is
 * first set.
 *
 * @throws OnnxBackendError `OPTION_INVALID` for an option out of range
 */
export function registerOnnxBackend(options: WebOnnxBackendOptions): void {
  registerReductionGradients();
  registerBackendOn(options.runtime, options, {
    threads: page.crossOriginIsolated ? (page.navigator?.hardwareConcurrency ?? 1) : 1, // others may not share memory
    maxGraphBytes: 2 ** 30, // WebAssembly has at most 4 GiB
    poolBytes: 2 ** 28,
  });
}

// --- internal ---

/** What a page has, and Node may not. */
const page = globalThis as {
  readonly crossOriginIsolated?: boolean;
  readonly navigator?: { readonly hardwareConcurrency: number };
};
