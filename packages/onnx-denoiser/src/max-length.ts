import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { DiffusionError } from "@textdiffusion/core";
import { z } from "zod";

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
    const length = maxLengthOf(parsed(text));
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

// --- internal ---

/** Models that count positions from after the pad id on, a habit of fairseq that RoBERTa brought along. */
const countsFromPad = [
  "roberta",
  "xlm-roberta",
  "xlm-roberta-xl",
  "camembert",
  "mpnet",
  "ibert",
  "longformer",
];

const schema = z.object({
  model_type: z.string().optional(),
  max_position_embeddings: z.int().positive(),
  pad_token_id: z.int().min(0).nullish(),
});

function maxLengthOf(config: unknown): number | undefined {
  const result = schema.safeParse(config);
  if (!result.success) return undefined;
  const { model_type = "", max_position_embeddings, pad_token_id } = result.data;
  const length = countsFromPad.includes(model_type)
    ? max_position_embeddings - (pad_token_id ?? 1) - 1
    : max_position_embeddings;
  return length > 0 ? length : undefined;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
