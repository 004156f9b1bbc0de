import type { KernelBackend } from "@tensorflow/tfjs-core";
import type { BackendEntry } from "@textdiffusion/tfjs-backends";
import { failReads, guardKernels } from "./failures.js";
import { type AdapterInfo, page } from "./page.js";
import type { WebBackendOptions } from "./web-backend-options.js";

let adapterInfo: AdapterInfo = {};

/** WebGPU through tfjs's shaders. */
export const webgpuEntry: BackendEntry<WebBackendOptions> = {
  name: "webgpu",
  description: "WebGPU; the fastest on a graphics processor",
  packages: ["@tensorflow/tfjs-backend-webgpu"],
  remedy: 'Open the page over https or on localhost in a browser with WebGPU, or ask for "webgl" or "wasm"',
  async load() {
    adapterInfo = await findAdapter();
    await import("@tensorflow/tfjs-backend-webgpu");
    guardKernels("webgpu");
  },
  made(backend) {
    const { device } = backend as KernelBackend & { readonly device: Device };
    const fail = failReads("webgpu", backend);
    void device.lost.then(({ message }) => fail(`the device lost (${message || "without a reason"})`));
    device.addEventListener("uncapturederror", ({ error }) => fail(error.message));
  },
  async drawback() {
    const { architecture, isFallbackAdapter } = await findAdapter().catch((): AdapterInfo => ({}));
    if (!isFallbackAdapter && architecture !== "swiftshader") return undefined;
    return "its graphics processor is imitated by the processor, which is slower than WebAssembly";
  },
  device: () => {
    const { vendor, architecture, description } = adapterInfo;
    return `WebGPU, ${[description || vendor, architecture].filter(Boolean).join(" ") || "an adapter without a name"}`;
  },
};

// --- internal ---

interface Device {
  readonly lost: Promise<{ readonly message: string }>;
  addEventListener(
    kind: "uncapturederror",
    listener: (event: { readonly error: { readonly message: string } }) => void,
  ): void;
}

/** Looks before tfjs does, which fails without a reason where there is none. */
async function findAdapter(): Promise<AdapterInfo> {
  const gpu = page.navigator?.gpu;
  if (!gpu) throw new Error("no WebGPU in this browser or on this page");
  const adapter = await gpu.requestAdapter({ powerPreference: "high-performance" });
  if (!adapter) throw new Error("WebGPU, but no graphics processor for it");
  return adapter.info ?? {};
}
