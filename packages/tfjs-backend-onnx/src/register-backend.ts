import { engine, getKernel, registerBackend, registerKernel, removeBackend } from "@tensorflow/tfjs-core";
import { kernelFamilies } from "./kernels/all-kernels.js";
import { kernelConfigs } from "./kernels/kernel.js";
import { unsupportedKernels } from "./kernels/unsupported.js";
import { OnnxBackend } from "./onnx-backend.js";
import { OnnxBackendError } from "./onnx-backend-error.js";
import type { OnnxRuntime, SessionSettings } from "./runtime/onnx-runtime.js";

export interface OnnxBackendOptions {
  /** Threads inside one operator. Default: the cores that the process may use. */
  readonly threads?: number;
  /** The runtime's execution providers in order of preference. Default: `["cpu"]`. `"webgpu"` is bundled as well. */
  readonly executionProviders?: readonly string[];
  /** How far the runtime rewrites a graph. Default `"all"`; less compiles faster and runs slower. */
  readonly optimizationLevel?: SessionSettings["optimizationLevel"];
  /**
   * Whether a graph keeps the memory of its last run for the next. Default: large ones without frozen weights do, as a training
   * step, which takes a fifth longer without it, with a peak lower by a third. The graphs of writing, whose sizes differ from
   * step to step, would keep the memory of each size, for nothing.
   */
  readonly memoryArena?: boolean;
  /**
   * Compiled graphs that are kept at most. Default 64: a training run takes turns among some 40, most of them of its
   * validations and samples, and what is released and compiled again each time leaves holes in the process's memory.
   */
  readonly maxGraphs?: number;
  /** Estimated bytes that kept graphs may hold. Default: a quarter of the machine's memory, at most 4 GiB. */
  readonly maxGraphBytes?: number;
  /** Bytes of unused arrays that are kept for later results. Default: a quarter of the machine's memory. */
  readonly poolBytes?: number;
  /** Recorded operations after which the recording runs, whoever reads. Default 20000. */
  readonly maxRecorded?: number;
  /**
   * Bytes that disposed tensors may hold because recorded operations read them; beyond it the recording runs as soon
   * as new data comes, never within a step. Default: 512 MiB.
   */
  readonly maxHeldBytes?: number;
  /** Where graphs run. Default: `nodeRuntime()`. */
  readonly runtime?: OnnxRuntime;
  /** The runtime writes a profile of every graph to a file whose name begins so. Default: none. */
  readonly profilePrefix?: string;
  /** Hears of shapes that never repeat. Default: `console.warn`. */
  readonly warn?: (message: string) => void;
}

/** What depends on the machine. */
export interface MachineDefaults {
  readonly threads: number;
  readonly maxGraphBytes: number;
  readonly poolBytes: number;
}

/** The backend's name in tfjs. */
export const backendName = "onnx";

/**
 * Registers the backend and its kernels; tfjs makes the backend when it is first set. A second call replaces the first
 * backend. Nothing here needs Node.
 *
 * @throws OnnxBackendError `OPTION_INVALID` for an option out of range
 */
export function registerBackendOn(
  runtime: OnnxRuntime,
  options: OnnxBackendOptions,
  defaults: MachineDefaults,
): void {
  const parts = {
    runtime,
    settings: {
      threads: positive("threads", options.threads ?? defaults.threads),
      executionProviders: options.executionProviders ?? ["cpu"],
      optimizationLevel: options.optimizationLevel ?? "all",
      profilePrefix: options.profilePrefix,
    },
    memoryArena: options.memoryArena,
    maxGraphs: positive("maxGraphs", options.maxGraphs ?? 64),
    maxGraphBytes: positive("maxGraphBytes", options.maxGraphBytes ?? defaults.maxGraphBytes),
    poolBytes: options.poolBytes ?? defaults.poolBytes,
    maxRecorded: positive("maxRecorded", options.maxRecorded ?? 20_000),
    maxHeldBytes: positive("maxHeldBytes", options.maxHeldBytes ?? 512 * 2 ** 20),
    warn: options.warn ?? ((message: string) => console.warn(message)),
  };
  registerKernels();
  if (engine().backendNames().includes(backendName)) removeBackend(backendName);
  registerBackend(backendName, () => new OnnxBackend(parts), 3); // above wasm, which has 2
}

// --- internal ---

function registerKernels(): void {
  for (const table of [...Object.values(kernelFamilies), unsupportedKernels]) {
    for (const config of kernelConfigs(table, backendName)) {
      if (!getKernel(config.kernelName, backendName)) registerKernel(config);
    }
  }
}

function positive(name: string, value: number): number {
  if (value > 0) return value;
  throw new OnnxBackendError({
    code: "OPTION_INVALID",
    component: "install",
    problem: `expected ${name} to be above 0, got ${value}`,
    remedy: "Leave the option out for its default",
  });
}
