import { availableParallelism } from "node:os";
import { findBackendFactory, removeBackend } from "@tensorflow/tfjs-core";
import { DiffusionError } from "@textdiffusion/core";
import {
  backendName,
  OnnxBackendError,
  registerOnnxBackend,
  tryProvider,
} from "@textdiffusion/tfjs-backend-onnx";
import type { BackendEntry } from "@textdiffusion/tfjs-backends";
import { cpuModel } from "./machine.js";
import type { NodeBackendOptions } from "./node-backend-options.js";
import { driverAdvice } from "./webgpu-entry.js";

let made: Required<NodeBackendOptions> = { threads: availableParallelism(), provider: "cpu" };

/** Operations recorded and run as cached graphs on ONNX Runtime's native kernels, on all cores. */
export const onnxEntry: BackendEntry<NodeBackendOptions> = {
  name: backendName,
  description: "ONNX Runtime on all cores; the fastest on a processor for training and for writing",
  packages: ["@textdiffusion/tfjs-backend-onnx", "onnxruntime-node"],
  remedy: 'Reinstall onnxruntime-node, which has libraries for the common platforms, or ask for "wasm"',
  load: async () => undefined,
  async make({ threads = availableParallelism(), provider = "cpu" }) {
    if (provider !== "cpu") await requireProvider(provider);
    // What the first does not know, the second does.
    const executionProviders = provider === "cpu" ? ["cpu"] : [provider, "cpu"];
    await registerOnnxBackend({ threads, executionProviders });
    made = { threads, provider };
    const backend = await findBackendFactory(backendName)();
    removeBackend(backendName); // registered again once it is known to work
    return backend;
  },
  conflict: ({ provider = "cpu" }) =>
    provider === made.provider
      ? undefined
      : `it running on the provider "${made.provider}" already, for which it was started before`,
  device: () =>
    made.provider === "cpu"
      ? `${cpuModel()}, ONNX Runtime, ${made.threads} ${made.threads === 1 ? "thread" : "threads"}`
      : "a graphics processor, ONNX Runtime on WebGPU",
};

// --- internal ---

async function requireProvider(provider: "webgpu"): Promise<void> {
  try {
    await tryProvider(provider);
  } catch (cause) {
    if (!(cause instanceof OnnxBackendError)) throw cause;
    throw new DiffusionError({
      code: "BACKEND_UNAVAILABLE",
      component: "backend-node/onnx",
      problem: cause.problem,
      remedy: driverAdvice().replace('the backend "onnx"', 'the provider "cpu"'),
      cause,
    });
  }
}
