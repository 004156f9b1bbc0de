import {
  type AdapterInfo,
  type BackendEntry,
  findAdapter,
  guardKernels,
  imitated,
  isImitated,
  nameOfAdapter,
  watchDevice,
} from "@textdiffusion/tfjs-backends";
import { page } from "./page.js";
import type { WebBackendOptions } from "./web-backend-options.js";

let adapterInfo: AdapterInfo = {};

/** WebGPU through tfjs's shaders. */
export const webgpuEntry: BackendEntry<WebBackendOptions> = {
  name: "webgpu",
  description: "WebGPU; the fastest on a graphics processor",
  packages: ["@tensorflow/tfjs-backend-webgpu"],
  remedy: 'Open the page over https or on localhost in a browser with WebGPU, or ask for "webgl" or "wasm"',
  async load() {
    adapterInfo = (await findAdapter(page.navigator?.gpu)).info ?? {};
    await import("@tensorflow/tfjs-backend-webgpu");
    guardKernels("backend-web", "webgpu");
  },
  made: (backend) => watchDevice("backend-web", backend),
  async drawback() {
    const adapter = await findAdapter(page.navigator?.gpu).catch(() => undefined); // starting it will say why
    return isImitated(adapter?.info ?? {}) ? imitated : undefined;
  },
  device: () => `WebGPU, ${nameOfAdapter(adapterInfo)}`,
};
