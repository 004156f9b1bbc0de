import type { KernelBackend } from "@tensorflow/tfjs-core";
import { DiffusionError } from "@textdiffusion/core";
import {
  type AdapterInfo,
  type BackendEntry,
  findAdapter,
  type GraphicsAdapter,
  type GraphicsProcessors,
  guardKernels,
  imitated,
  isImitated,
  nameOfAdapter,
  watchDevice,
} from "@textdiffusion/tfjs-backends";
import { loadOptional, requireInstalled } from "./optional-packages.js";
import { installedVersion } from "./package-version.js";
import { hasVulkanLoader } from "./vulkan-loader.js";

/** What `webgpu` needs; neither has an install script. */
const packages = { webgpu: "0.6.2", "@tensorflow/tfjs-backend-webgpu": "4.22.0" };

let adapterInfo: AdapterInfo = {};
/** Dawn crashes when this is collected before what was made of it. */
let instance: GraphicsProcessors | undefined;

/** tfjs's WebGPU shaders on Dawn, the WebGPU of Chromium, through Vulkan, Metal or Direct3D 12. */
export const webgpuEntry: BackendEntry = {
  name: "webgpu",
  description: "a graphics processor through WebGPU (Dawn)",
  packages: Object.keys(packages),
  remedy: driverAdvice(),
  async load() {
    requireInstalled("webgpu", packages);
    offerGlobals((await dawn()).globals);
    loadOptional("@tensorflow/tfjs-backend-webgpu");
    guardKernels("backend-node", "webgpu");
  },
  async make() {
    const adapter = await adapterOfDawn();
    adapterInfo = adapter.info ?? {};
    const device = await adapter.requestDevice({
      requiredFeatures: ["timestamp-query", "bgra8unorm-storage"].filter((name) =>
        adapter.features.has(name),
      ),
      requiredLimits: Object.fromEntries(neededLimits.map((name) => [name, adapter.limits[name]])),
    });
    const { WebGPUBackend } = loadOptional<ShaderPackage>("@tensorflow/tfjs-backend-webgpu");
    const backend = withNavigator(() => new WebGPUBackend(device, adapterInfo));
    const release = backend.dispose.bind(backend);
    backend.dispose = () => {
      release();
      device.destroy(); // tfjs keeps it, and a live device keeps the process from its end
    };
    return backend;
  },
  made: (backend) => watchDevice("backend-node", backend),
  async drawback() {
    if (Object.keys(packages).some((name) => installedVersion(name) === undefined)) return undefined;
    const adapter = await adapterOfDawn().catch(() => undefined); // starting it will say why
    return isImitated(adapter?.info ?? {}) ? imitated : undefined;
  },
  device: () => `WebGPU, ${nameOfAdapter(adapterInfo)}`,
};

/**
 * The graphics processor that `webgpu` computes on.
 *
 * @throws DiffusionError `BACKEND_UNAVAILABLE` where the package is missing, or a graphics processor
 */
export async function adapterOfDawn(): Promise<DawnAdapter> {
  requireInstalled("webgpu", packages);
  if (!hasVulkanLoader()) throw noAdapter();
  const { create } = await dawn();
  instance ??= create([]);
  try {
    return (await findAdapter(instance)) as DawnAdapter;
  } catch (cause) {
    throw noAdapter(cause);
  }
}

/** What brings a graphics processor to WebGPU on this system. */
export function driverAdvice(): string {
  const otherwise = 'or ask for the backend "onnx"';
  if (process.platform !== "linux") return `Install the driver of the graphics processor, ${otherwise}`;
  return `Install the Vulkan loader and the graphics processor's Vulkan driver (Debian and Ubuntu: apt install libvulkan1 mesa-vulkan-drivers, or NVIDIA's own driver), see what vulkaninfo lists, ${otherwise}`;
}

// --- internal ---

function noAdapter(cause?: unknown): DiffusionError {
  return new DiffusionError({
    code: "BACKEND_UNAVAILABLE",
    component: "backend-node/webgpu",
    problem: "expected a graphics processor that Dawn can use, got none",
    remedy: driverAdvice(),
    cause,
  });
}

interface Dawn {
  create(options: readonly string[]): GraphicsProcessors;
  readonly globals: Readonly<Record<string, unknown>>;
}

interface DawnAdapter extends GraphicsAdapter {
  requestDevice(descriptor: object): Promise<{ destroy(): void }>;
}

interface ShaderPackage {
  readonly WebGPUBackend: new (device: object, info: AdapterInfo) => KernelBackend;
}

/** Those that tfjs itself asks for, which are more than every adapter has to have. */
const neededLimits = [
  "maxBufferSize",
  "maxComputeInvocationsPerWorkgroup",
  "maxComputeWorkgroupSizeX",
  "maxComputeWorkgroupStorageSize",
  "maxComputeWorkgroupsPerDimension",
  "maxStorageBufferBindingSize",
];

async function dawn(): Promise<Dawn> {
  const name = "webgpu"; // an ES module; not for bundlers, nor for the types of who does not have it
  return (await import(name)) as Dawn;
}

/** tfjs names the classes and constants that browsers have. */
function offerGlobals(globals: Dawn["globals"]): void {
  for (const [name, value] of Object.entries(globals)) {
    if (!(name in globalThis)) Object.defineProperty(globalThis, name, { value, configurable: true });
  }
}

/** tfjs looks for `navigator.gpu` when it makes the backend. What stays there would keep the process from its end. */
function withNavigator<Made>(make: () => Made): Made {
  const page = globalThis as { navigator?: object };
  const before = page.navigator; // Node 20 has none
  const holder = before ?? {};
  if (!before) Object.defineProperty(page, "navigator", { value: holder, configurable: true });
  Object.defineProperty(holder, "gpu", { value: {}, configurable: true });
  try {
    return make();
  } finally {
    Reflect.deleteProperty(holder, "gpu");
    if (!before) Reflect.deleteProperty(page, "navigator");
  }
}
