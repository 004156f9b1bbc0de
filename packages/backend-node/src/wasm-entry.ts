import { createRequire } from "node:module";
import { dirname, join, sep } from "node:path";
import { env } from "@tensorflow/tfjs-core";
import type { BackendEntry } from "@textdiffusion/tfjs-backends";
import { repairMatMul, repairOneHot, repairUnsortedSegmentSum } from "@textdiffusion/tfjs-backends";
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
  device: () => `${cpuModel()}, WebAssembly${env().get("WASM_HAS_SIMD_SUPPORT") ? " SIMD" : ""}, 1 thread`,
};
