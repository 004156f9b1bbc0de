import { registerGradients } from "@textdiffusion/tfjs-backend-onnx";
import type { BackendEntry, BackendPlatform } from "@textdiffusion/tfjs-backends";
import { cpuEntry } from "./cpu-entry.js";
import { onnxEntry } from "./onnx-entry.js";
import { wasmEntry } from "./wasm-entry.js";

/** Every backend for Node, the fastest first: the order in which "auto" tries them. */
export const backendEntries: readonly BackendEntry[] = [onnxEntry, wasmEntry, cpuEntry];

export const nodePlatform: BackendPlatform = {
  component: "backend-node",
  entries: backendEntries,
  prepare: registerGradients,
};
