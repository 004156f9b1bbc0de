import { isImitated, nameOfAdapter } from "@textdiffusion/tfjs-backends";
import { nvidiaProcessors } from "./nvidia.js";
import { adapterOfDawn } from "./webgpu-entry.js";

/** A graphics processor as one of the ways to it tells of it. */
export interface GraphicsFinding {
  readonly through: "WebGPU" | "NVIDIA's driver";
  readonly name: string;
  /** All of its memory; WebGPU does not tell. */
  readonly memoryBytes?: number;
  /** The largest tensor that WebGPU takes. */
  readonly largestTensorBytes?: number;
  readonly driver?: string;
  /** Whether the processor does what the graphics processor should. */
  readonly imitated: boolean;
}

/** The graphics processors that backends of this package could use; empty where there are none, or no package that asks. */
export async function graphicsProcessors(): Promise<GraphicsFinding[]> {
  const adapter = await adapterOfDawn().catch(() => undefined); // webgpu says why when it is started
  const { info = {}, limits = {} } = adapter ?? {};
  const found: GraphicsFinding[] = (await nvidiaProcessors()).map((processor) => ({
    through: "NVIDIA's driver",
    ...processor,
    imitated: false,
  }));
  if (!adapter) return found;
  const { maxBufferSize, maxStorageBufferBindingSize } = limits;
  return [
    ...found,
    {
      through: "WebGPU",
      name: nameOfAdapter(info),
      largestTensorBytes: Math.min(maxBufferSize, maxStorageBufferBindingSize),
      imitated: isImitated(info),
    },
  ];
}
