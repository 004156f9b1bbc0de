import { z } from "zod";

/** Options that presets share, each said once. */

export const steps = z.int().min(1).describe("Reverse steps on a uniform grid of times from 1 to 0.");

export const temperature = z
  .number()
  .min(0)
  .describe("Of the distribution that tokens are drawn from; 0 takes the most probable token.");

export const topK = z
  .int()
  .min(1)
  .describe("Draw among the topK most probable tokens; the size of the vocabulary keeps all.");

export const topP = z
  .number()
  .gt(0)
  .max(1)
  .describe("Draw among the fewest tokens whose probabilities reach topP; 1 keeps all.");
