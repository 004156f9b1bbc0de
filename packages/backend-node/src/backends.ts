import { registerGradients } from "@textdiffusion/tfjs-backend-onnx";
import type { BackendEntry, BackendPlatform } from "@textdiffusion/tfjs-backends";
import { cpuEntry } from "./cpu-entry.js";
import type { NodeBackendOptions } from "./node-backend-options.js";
import { onnxEntry } from "./onnx-entry.js";
import { cudaEntry, tensorflowEntry } from "./tensorflow-entry.js";
import { wasmEntry } from "./wasm-entry.js";
import { webgpuEntry } from "./webgpu-entry.js";

/**
 * Every backend for Node, in the order in which "auto" tries them: graphics processors first, which start only where a package
 * was installed for them, then the fastest.
 */
export const backendEntries: readonly BackendEntry<NodeBackendOptions>[] = [
  cudaEntry,
  webgpuEntry,
  onnxEntry,
  tensorflowEntry,
  wasmEntry,
  cpuEntry,
];

export const nodePlatform: BackendPlatform<NodeBackendOptions> = {
  component: "backend-node",
  entries: backendEntries,
  prepare: registerGradients,
};
