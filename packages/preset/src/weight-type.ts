import { weightTypes } from "@textdiffusion/backend-node";
import { z } from "zod";

/** How weights are held when a model writes or is evaluated; it is always trained in floats. */
export const weightTypeSchema = z
  .enum(weightTypes)
  .describe(
    "how weights are held when a model writes or is evaluated: fp32, or q8 for 8-bit integers, on the backend onnx",
  );
