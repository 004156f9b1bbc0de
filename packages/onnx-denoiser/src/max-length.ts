import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { DiffusionError } from "@textdiffusion/core";
import { maxLengthOfConfig } from "./config-length.js";

/**
 * Longest row of the model in an .onnx file, by the `config.json` beside it or in the folder above, as optimum and
 * transformers.js lay them.
 *
 * @throws DiffusionError `CONFIG_INVALID` where no config says it
 */
export async function maxLengthBeside(file: string): Promise<number> {
  const folder = dirname(file);
  for (const path of [join(folder, "config.json"), join(dirname(folder), "config.json")]) {
    const text = await readFile(path, "utf8").catch(() => undefined);
    if (text === undefined) continue;
    const length = maxLengthOfConfig(text);
    if (length !== undefined) return length;
  }
  throw new DiffusionError({
    code: "CONFIG_INVALID",
    component: "onnx-denoiser/length",
    problem: `expected max_position_embeddings in a config.json beside ${file} or in the folder above it, got none`,
    remedy:
      "Copy the model's config.json there, or say maxLength, the longest row of tokens that it can read",
  });
}
