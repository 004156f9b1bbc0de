import { existsSync } from "node:fs";
import { stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { startBackend } from "@textdiffusion/backend-node";
import { DiffusionError } from "@textdiffusion/core";
import { loadTokenizer, saveTokenizer } from "@textdiffusion/data";
import { loadModel, saveModel, writeModelRecord } from "@textdiffusion/models";
import { assertTokenizerFits } from "../huggingface-denoiser.js";
import { modelRecordOf } from "../model-defaults.js";

export interface ExportWeightsRequest {
  /** Hugging Face folder of a BERT or RoBERTa. */
  readonly model: string;
  /** Another folder, which becomes a model folder. */
  readonly out: string;
  /** `fp16` halves the weights and rounds them. Default `fp32`. */
  readonly dtype?: "fp32" | "fp16";
  /** Write over a model that is there. Default false. */
  readonly force?: boolean;
}

export interface ExportedWeights {
  readonly folder: string;
  readonly architecture: string;
  readonly parameters: number;
  /** Of model.safetensors. */
  readonly bytes: number;
}

/**
 * Writes what makes a model, and nothing of its training: `config.json`, `model.safetensors`, the tokenizer and
 * `textdiffusion.json`. Any folder will do as a source, a checkpoint's too.
 *
 * @throws DiffusionError `FILE_NOT_WRITABLE` for a folder with a model in it; `FILE_NOT_FOUND`, `MODEL_INVALID` and
 *   `NOT_A_NUMBER` for the model, `MODEL_INVALID` also for weights that float16 cannot say
 */
export async function exportWeights(request: ExportWeightsRequest): Promise<ExportedWeights> {
  const { model: from, out, dtype = "fp32", force = false } = request;
  const same = resolve(from) === resolve(out);
  if (same || (!force && existsSync(join(out, "model.safetensors")))) throw taken(out, same);
  const tokenizer = await loadTokenizer(from);
  const record = await modelRecordOf(from);
  const backend = await startBackend("cpu");
  try {
    const model = await loadModel(from);
    try {
      assertTokenizerFits(from, tokenizer.vocabularySize, model.vocabularySize);
      await saveTokenizer(tokenizer, out);
      await writeModelRecord(record, out);
      await saveModel(model, out, { dtype: dtype === "fp16" ? "float16" : "float32" });
      const parameters = [...model.parameters.values()].reduce((sum, { size }) => sum + size, 0);
      const { size: bytes } = await stat(join(out, "model.safetensors"));
      return { folder: out, architecture: model.name, parameters, bytes };
    } finally {
      model.dispose();
    }
  } finally {
    await backend.dispose();
  }
}

// --- internal ---

function taken(out: string, same: boolean): DiffusionError {
  return new DiffusionError({
    code: "FILE_NOT_WRITABLE",
    component: "textdiffusion/export",
    problem: `expected a folder without a model, got ${out}, which ${same ? "is the model itself" : "has one"}`,
    remedy: same
      ? "Choose another folder"
      : "Choose another folder, or pass force: true (--force on the command line) to write over it",
    details: { out },
  });
}
