import {
  backendName,
  registerOnnxBackend,
  type WebLibrary,
  webRuntime,
} from "@textdiffusion/tfjs-backend-onnx/web";
import type { BackendEntry } from "@textdiffusion/tfjs-backends";
import { threadsHere } from "./page.js";
import type { WebBackendOptions } from "./web-backend-options.js";

let threadCount = 1;

/** Operations recorded and run as cached graphs on ONNX Runtime in WebAssembly. */
export const onnxEntry: BackendEntry<WebBackendOptions> = {
  name: backendName,
  description: "ONNX Runtime in WebAssembly",
  packages: ["@textdiffusion/tfjs-backend-onnx", "onnxruntime-web"],
  remedy:
    'Install onnxruntime-web and pass onnxRuntime: () => import("onnxruntime-web/wasm"), or ask for "wasm"',
  async load({ threads = threadsHere(), onnxRuntime }) {
    if (!onnxRuntime) throw new Error("no onnxRuntime in the options");
    threadCount = threads;
    registerOnnxBackend({ threads, runtime: webRuntime((await onnxRuntime()) as WebLibrary) });
  },
  device: () => `ONNX Runtime, WebAssembly, ${threadCount} ${threadCount === 1 ? "thread" : "threads"}`,
};
