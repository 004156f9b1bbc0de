import { env } from "@tensorflow/tfjs-core";
import {
  type BackendEntry,
  repairMatMul,
  repairOneHot,
  repairUnsortedSegmentSum,
} from "@textdiffusion/tfjs-backends";
import { failAllocations, guardKernels } from "./failures.js";
import { threadsHere } from "./page.js";
import type { WebBackendOptions } from "./web-backend-options.js";

let threadCount = 1;

/** WebAssembly, with SIMD and threads where the browser has them. */
export const wasmEntry: BackendEntry<WebBackendOptions> = {
  name: "wasm",
  description: "WebAssembly, with SIMD, and with threads on cross-origin isolated pages",
  packages: ["@tensorflow/tfjs-backend-wasm"],
  remedy: "Serve tfjs's .wasm files and say where they lie in the option wasmPaths",
  async load({ threads = threadsHere(), wasmPaths }) {
    const { setThreadsCount, setWasmPaths } = await import("@tensorflow/tfjs-backend-wasm");
    if (wasmPaths !== undefined) setWasmPaths(wasmPaths as string | Record<string, string>);
    setThreadsCount(threads);
    const shares = (await env().getAsync("WASM_HAS_MULTITHREAD_SUPPORT")) as boolean;
    threadCount = shares ? threads : 1;
    repairUnsortedSegmentSum("wasm");
    repairOneHot();
    repairMatMul();
    guardKernels("wasm");
  },
  made: (backend) => failAllocations("wasm", backend),
  device: () =>
    `WebAssembly${env().get("WASM_HAS_SIMD_SUPPORT") ? " SIMD" : ""}, ${threadCount} ${threadCount === 1 ? "thread" : "threads"}`,
};
