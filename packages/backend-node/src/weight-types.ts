import type { FreezeType } from "@textdiffusion/tfjs-backend-onnx";

/** How the weights of a model are held when it is run: `"fp32"`, or `"q8"` for 8-bit integers in matrix products. */
export const weightTypes = ["fp32", "q8"] as const satisfies readonly FreezeType[];

export type WeightType = (typeof weightTypes)[number];
