import type { BackendEntry, BackendPlatform } from "@textdiffusion/tfjs-backends";
import { onnxEntry } from "./onnx-entry.js";
import { wasmEntry } from "./wasm-entry.js";
import type { WebBackendOptions } from "./web-backend-options.js";
import { webglEntry } from "./webgl-entry.js";
import { webgpuEntry } from "./webgpu-entry.js";

/** Every backend for browsers, the fastest first where a graphics processor is real: the order in which "auto" tries them. */
export const backendEntries: readonly BackendEntry<WebBackendOptions>[] = [
  webgpuEntry,
  onnxEntry,
  webglEntry,
  wasmEntry,
];

export const webPlatform: BackendPlatform<WebBackendOptions> = {
  component: "backend-web",
  entries: backendEntries,
  async prepare() {
    // tfjs-core's own entry has none.
    await import("@tensorflow/tfjs-core/dist/register_all_gradients.js");
  },
};
