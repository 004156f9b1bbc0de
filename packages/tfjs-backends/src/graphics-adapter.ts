import type { KernelBackend } from "@tensorflow/tfjs-core";
import { failReads } from "./failures.js";

/** The part of WebGPU that is asked here: TypeScript's own library and tfjs declare it differently. */
export interface GraphicsProcessors {
  requestAdapter(options?: { readonly powerPreference?: string }): Promise<GraphicsAdapter | null>;
}

export interface GraphicsAdapter {
  readonly info?: AdapterInfo;
  readonly features: ReadonlySet<string>;
  readonly limits: Readonly<Record<string, number>>;
}

export interface AdapterInfo {
  readonly vendor?: string;
  readonly architecture?: string;
  readonly description?: string;
  readonly isFallbackAdapter?: boolean;
}

/**
 * Looks before tfjs does, which fails without a reason where there is none.
 *
 * @throws Error that says which of the two is missing, WebGPU or a graphics processor
 */
export async function findAdapter(gpu: GraphicsProcessors | undefined): Promise<GraphicsAdapter> {
  if (!gpu) throw new Error("no WebGPU in this browser or on this page");
  const adapter = await gpu.requestAdapter({ powerPreference: "high-performance" });
  if (!adapter) throw new Error("WebGPU, but no graphics processor for it");
  return adapter;
}

/** Why "auto" passes an imitated graphics processor by. */
export const imitated =
  "its graphics processor is imitated by the processor, which is slower than WebAssembly";

/** Whether the processor does what the graphics processor should. */
export function isImitated({ architecture, description, isFallbackAdapter }: AdapterInfo): boolean {
  return (
    isFallbackAdapter === true ||
    architecture === "swiftshader" ||
    /llvmpipe|lavapipe/i.test(description ?? "")
  );
}

export function nameOfAdapter({ vendor, architecture, description }: AdapterInfo): string {
  return [description || vendor, architecture].filter(Boolean).join(" ") || "an adapter without a name";
}

/** Makes a device that is lost, or an error that nobody awaits, an error of each read. */
export function watchDevice(component: string, backend: KernelBackend): void {
  const { device } = backend as KernelBackend & { readonly device: Device };
  const fail = failReads(component, "webgpu", backend);
  void device.lost.then(({ message }) => fail(`the device lost (${message || "without a reason"})`));
  device.addEventListener("uncapturederror", ({ error }) => fail(error.message));
}

// --- internal ---

interface Device {
  readonly lost: Promise<{ readonly message: string }>;
  addEventListener(
    kind: "uncapturederror",
    listener: (event: { readonly error: { readonly message: string } }) => void,
  ): void;
}
