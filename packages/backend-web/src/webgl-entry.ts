import type { KernelBackend } from "@tensorflow/tfjs-core";
import { type BackendEntry, failReads, guardKernels, imitated } from "@textdiffusion/tfjs-backends";
import type { WebBackendOptions } from "./web-backend-options.js";

let renderer = "";

/** WebGL 2 through tfjs's shaders. */
export const webglEntry: BackendEntry<WebBackendOptions> = {
  name: "webgl",
  description: "WebGL 2, for graphics processors that browsers know no WebGPU for",
  packages: ["@tensorflow/tfjs-backend-webgl"],
  remedy: 'Allow hardware acceleration in the browser, or ask for "wasm"',
  async load() {
    renderer = findRenderer();
    await import("@tensorflow/tfjs-backend-webgl");
    guardKernels("backend-web", "webgl");
  },
  made(backend) {
    const { canvas } = backend as KernelBackend & { readonly canvas: EventTarget };
    const fail = failReads("backend-web", "webgl", backend);
    canvas.addEventListener("webglcontextlost", () => fail("the WebGL context lost"));
  },
  drawback: async () => (isSoftware() ? imitated : undefined),
  device: () => `WebGL 2, ${renderer}`,
};

// --- internal ---

function isSoftware(): boolean {
  try {
    return /swiftshader|llvmpipe|software/i.test(findRenderer());
  } catch {
    return false; // starting it will say why
  }
}

/** Looks on a canvas of its own: tfjs prints on the console where there is none. */
function findRenderer(): string {
  const canvas =
    typeof OffscreenCanvas === "undefined" ? document.createElement("canvas") : new OffscreenCanvas(1, 1);
  const context = canvas.getContext("webgl2") as WebGL2RenderingContext | null;
  if (!context) throw new Error("no WebGL 2 in this browser");
  const names = context.getExtension("WEBGL_debug_renderer_info");
  const found = context.getParameter(names ? names.UNMASKED_RENDERER_WEBGL : context.RENDERER);
  context.getExtension("WEBGL_lose_context")?.loseContext(); // browsers keep few
  return String(found);
}
