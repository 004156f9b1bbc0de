import * as tf from "@tensorflow/tfjs-core";
import { startBackend } from "@textdiffusion/backend-node";
import { DiffusionError, type Tokenizer } from "@textdiffusion/core";
import { loadTokenizer, saveTokenizer } from "@textdiffusion/data";
import {
  type EncoderModel,
  loadModel,
  type ModelRecord,
  saveConfig,
  writeModelRecord,
} from "@textdiffusion/models";
import {
  type ExportedModel,
  type ExportInput,
  exportOnnx,
  type OnnxBackend,
  OnnxBackendError,
} from "@textdiffusion/tfjs-backend-onnx";
import { assertTokenizerFits } from "../huggingface-denoiser.js";
import { modelRecordOf } from "../model-defaults.js";
import { presetVersion } from "../preset-version.js";
import { type ExportPlan, makeFolders, planExport, producerName, removeEarlierData } from "./export-plan.js";

export interface ExportOnnxRequest {
  /** Hugging Face folder of a BERT or RoBERTa. */
  readonly model: string;
  /**
   * A name that ends in `.onnx` is a file; any other is a folder, which becomes a model folder with `onnx/model.onnx`, as
   * transformers.js lays it out. The folder of the model itself will do.
   */
  readonly out: string;
  /** Weights in a file beside the model, `model.onnx_data`. Default: from 2 GiB on, where they must be. */
  readonly externalData?: boolean;
  /** Write over files that were not exported from here. Default false. */
  readonly force?: boolean;
  /** Called as each stage begins. */
  readonly onStage?: (stage: ExportStage) => void;
}

export type ExportStage = "read" | "record";

/**
 * The file that was written; what `exportOnnx` of `@textdiffusion/tfjs-backend-onnx` says, in words of our own, so that this
 * package's types need none of TensorFlow.js.
 */
export interface OnnxModelFile {
  readonly file: string;
  readonly bytes: number;
  /** The weights beside the file. */
  readonly external?: { readonly file: string; readonly bytes: number };
  /** Version of the operators that a runtime must know. */
  readonly opset: number;
  readonly inputs: readonly OnnxAxes[];
  readonly outputs: readonly OnnxAxes[];
}

/** A string names a dimension whose size is known at run time. */
export interface OnnxAxes {
  readonly name: string;
  readonly type: string;
  readonly shape: readonly (number | string)[];
}

export interface OnnxExport {
  readonly model: OnnxModelFile;
  readonly architecture: string;
  readonly parameters: number;
  /** The model folder, where one was written. */
  readonly folder?: string;
}

/**
 * Writes the forward pass of a model folder as an .onnx file: inputs `input_ids`, `attention_mask` and for BERT
 * `token_type_ids`, each int64 [batch_size, sequence_length]; output `logits`, float32 [batch_size, sequence_length,
 * vocab]. Names, types and open axes are those of Hugging Face's optimum, so what reads its files reads these.
 *
 * ```ts
 * await exportOnnxModel({ model: "my-model", out: "my-model-onnx" });
 * ```
 *
 * @throws DiffusionError `FILE_NOT_WRITABLE` for files that were not exported from here; `FILE_NOT_FOUND`,
 *   `MODEL_INVALID`, `NOT_A_NUMBER` and `UNSUPPORTED` for the model; `BACKEND_UNAVAILABLE`
 */
export async function exportOnnxModel(request: ExportOnnxRequest): Promise<OnnxExport> {
  const plan = await planExport(request);
  request.onStage?.("read");
  const tokenizer = await loadTokenizer(request.model);
  const record = await modelRecordOf(request.model);
  const backend = await startBackend("onnx");
  try {
    const model = await loadModel(request.model);
    try {
      assertTokenizerFits(request.model, tokenizer.vocabularySize, model.vocabularySize);
      request.onStage?.("record");
      await makeFolders(plan);
      if (plan.folder !== undefined && !plan.isModelFolder) {
        await saveTokenizer(tokenizer, plan.folder);
        await writeModelRecord(record, plan.folder);
      }
      const written = await writeOnnx(model, tokenizer, record, plan, request.externalData);
      if (!written.external) await removeEarlierData(plan);
      if (plan.folder !== undefined) await describeFolder(model, plan.folder, plan, written);
      const parameters = [...model.parameters.values()].reduce((sum, { size }) => sum + size, 0);
      return { model: written, architecture: model.name, parameters, folder: plan.folder };
    } finally {
      model.dispose();
    }
  } finally {
    await backend.dispose();
  }
}

// --- internal ---

const input: ExportInput = { shape: ["batch_size", "sequence_length"], dtype: "int64" };

/** In the order of optimum, which gives BERT alone its token types (`BertOnnxConfig`, `RobertaOnnxConfig`). */
function inputsOf(model: EncoderModel): Record<string, ExportInput> {
  const both = { input_ids: input, attention_mask: input };
  return model.config.architecture === "bert" ? { ...both, token_type_ids: input } : both;
}

/** @throws DiffusionError `FILE_NOT_WRITABLE` */
async function writeOnnx(
  model: EncoderModel,
  tokenizer: Tokenizer,
  { logitAlignment }: ModelRecord,
  { file }: ExportPlan,
  externalData: boolean | undefined,
): Promise<ExportedModel> {
  const forward = (ids: tf.Tensor, attentionMask: tf.Tensor, tokenTypes?: tf.Tensor) => ({
    logits: model.logitsOfAll({
      ids: ids as tf.Tensor2D,
      attentionMask: attentionMask as tf.Tensor2D,
      tokenTypes: tokenTypes as tf.Tensor2D | undefined,
    }),
  });
  try {
    return await exportOnnx(tf.backend() as unknown as OnnxBackend, forward, file, {
      inputs: inputsOf(model),
      externalData,
      producer: { name: producerName, version: presetVersion() },
      metadata: {
        model_type: model.name,
        mask_token_id: String(tokenizer.special.mask),
        pad_token_id: String(model.config.padId),
        vocab_size: String(model.vocabularySize),
        max_length: String(model.maxLength),
        ...(logitAlignment && { logit_alignment: logitAlignment }),
      },
    });
  } catch (error) {
    if (!(error instanceof OnnxBackendError) || error.code !== "FILE_NOT_WRITABLE") throw error;
    throw new DiffusionError({
      code: "FILE_NOT_WRITABLE",
      component: "textdiffusion/export",
      problem: `expected to write ${file}, got ${error.cause instanceof Error ? error.cause.message : error.message}`,
      remedy: "Check the folder's permissions and the free space",
      cause: error,
    });
  }
}

/** `config.json`, which tells transformers.js of weights beside the model. A model's own is left alone where it says so. */
async function describeFolder(
  { config }: EncoderModel,
  folder: string,
  { isModelFolder }: ExportPlan,
  { external }: ExportedModel,
): Promise<void> {
  const key = "transformers.js_config";
  const { use_external_data_format: earlier, ...rest } = (config.source[key] ?? {}) as Record<
    string,
    unknown
  >;
  if (isModelFolder && !external && earlier === undefined) return;
  const said = external ? { ...rest, use_external_data_format: { "model.onnx": 1 } } : rest;
  await saveConfig(config, folder, { [key]: Object.keys(said).length > 0 ? said : undefined });
}
