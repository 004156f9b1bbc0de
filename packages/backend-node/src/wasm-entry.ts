import { createRequire } from "node:module";
import { dirname, join, sep } from "node:path";
import { env } from "@tensorflow/tfjs-core";
import { DiffusionError } from "@textdiffusion/core";
import {
  type BackendEntry,
  repairAllocation,
  repairMatMul,
  repairOneHot,
  repairUnsortedSegmentSum,
} from "@textdiffusion/tfjs-backends";
import { cpuModel } from "./machine.js";

/** WebAssembly with SIMD on one thread: no compiler, no install script, the same on every platform. */
export const wasmEntry: BackendEntry = {
  name: "wasm",
  description: "WebAssembly SIMD on one thread; runs everywhere",
  packages: ["@tensorflow/tfjs-backend-wasm"],
  remedy: 'Reinstall @tensorflow/tfjs-backend-wasm, or ask for "cpu"',
  async load() {
    const { setWasmPaths } = await import("@tensorflow/tfjs-backend-wasm");
    // Found in node_modules and read from disk: nothing is fetched, wherever the package was installed.
    const main = createRequire(import.meta.url).resolve("@tensorflow/tfjs-backend-wasm");
    setWasmPaths(join(dirname(main), sep));
    repairUnsortedSegmentSum("wasm");
    repairOneHot();
    repairMatMul();
  },
  made: (backend) => repairAllocation(backend, outOfMemory),
  device: () => `${cpuModel()}, WebAssembly${env().get("WASM_HAS_SIMD_SUPPORT") ? " SIMD" : ""}, 1 thread`,
};

// --- internal ---

function outOfMemory(bytes: number): DiffusionError {
  return new DiffusionError({
    code: "RUNTIME_FAILED",
    component: "backend-node/wasm",
    problem: `expected memory for ${bytes} bytes more, got none: WebAssembly has 4 GiB at most`,
    remedy: 'Take shorter or fewer rows at a time, a smaller model, or the backend "onnx"',
  });
}
