import type { BackendOptions } from "@textdiffusion/tfjs-backends/options";

export interface WebBackendOptions extends BackendOptions {
  /** Upper bound on threads. Default: of `onnx` what the page may share, of `wasm` 1, as bundles with shortened names break its threads. */
  readonly threads?: number;
  /**
   * For `wasm`: where tfjs's .wasm files lie, as the address of their folder (with `/` at its end) or of each file by its name.
   * Default: beside the script.
   */
  readonly wasmPaths?: string | Readonly<Record<string, string>>;
  /** For `onnx`: imports the runtime, `() => import("onnxruntime-web/wasm")`. Without it there is no backend `onnx`. */
  readonly onnxRuntime?: () => Promise<unknown>;
}
