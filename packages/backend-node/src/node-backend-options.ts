import type { BackendOptions } from "@textdiffusion/tfjs-backends/options";

/** Where ONNX Runtime computes: its own kernels for the processor, or its WebGPU shaders on a graphics processor. */
export const onnxProviders = ["cpu", "webgpu"] as const;

export type OnnxProvider = (typeof onnxProviders)[number];

export interface NodeBackendOptions extends BackendOptions {
  /** Of `onnx` alone: where ONNX Runtime computes. Default `"cpu"`. */
  readonly provider?: OnnxProvider;
}
