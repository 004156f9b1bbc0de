import { availableParallelism } from "node:os";
import { backendName, registerOnnxBackend } from "@textdiffusion/tfjs-backend-onnx";
import type { BackendEntry } from "@textdiffusion/tfjs-backends";
import { cpuModel } from "./machine.js";

let threadCount = availableParallelism();

/** Operations recorded and run as cached graphs on ONNX Runtime's native kernels, on all cores. */
export const onnxEntry: BackendEntry = {
  name: backendName,
  description: "ONNX Runtime on all cores; the fastest for training and for writing",
  packages: ["@textdiffusion/tfjs-backend-onnx", "onnxruntime-node"],
  remedy: 'Reinstall onnxruntime-node, which has libraries for the common platforms, or ask for "wasm"',
  async load({ threads }) {
    threadCount = threads ?? availableParallelism();
    await registerOnnxBackend({ threads: threadCount });
  },
  device: () => `${cpuModel()}, ONNX Runtime, ${threadCount} ${threadCount === 1 ? "thread" : "threads"}`,
};
