import { env } from "@tensorflow/tfjs-core";
import {
  type BackendEntry,
  guardKernels,
  outOfMemory,
  repairAllocation,
  repairMatMul,
  repairOneHot,
  repairUnsortedSegmentSum,
} from "@textdiffusion/tfjs-backends";
import type { WebBackendOptions } from "./web-backend-options.js";

let threadCount = 1;

/** WebAssembly, with SIMD where the browser has it, and threads where they are asked for. */
export const wasmEntry: BackendEntry<WebBackendOptions> = {
  name: "wasm",
  description: "WebAssembly, with SIMD, and with threads where they are asked for",
  packages: ["@tensorflow/tfjs-backend-wasm"],
  remedy: "Serve tfjs's .wasm files and say where they lie in the option wasmPaths",
  async load({ threads = 1, wasmPaths }) {
    const { setThreadsCount, setWasmPaths } = await import("@tensorflow/tfjs-backend-wasm");
    if (wasmPaths !== undefined) setWasmPaths(wasmPaths as string | Record<string, string>);
    // tfjs starts its threads with the text of one of its functions, which a bundler that shortens names breaks without an error.
    if (threads === 1) env().set("WASM_HAS_MULTITHREAD_SUPPORT", false);
    setThreadsCount(threads);
    const shares = (await env().getAsync("WASM_HAS_MULTITHREAD_SUPPORT")) as boolean;
    threadCount = shares ? threads : 1;
    repairUnsortedSegmentSum("wasm");
    repairOneHot();
    repairMatMul();
    guardKernels("backend-web", "wasm");
  },
  made: (backend) => repairAllocation(backend, (bytes) => outOfMemory("backend-web", "wasm", bytes)),
  device: () =>
    `WebAssembly${env().get("WASM_HAS_SIMD_SUPPORT") ? " SIMD" : ""}, ${threadCount} ${threadCount === 1 ? "thread" : "threads"}`,
};
