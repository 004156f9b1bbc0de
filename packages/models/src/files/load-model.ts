import { DiffusionError } from "@textdiffusion/core";
import type { EncoderConfig } from "../config/encoder-config.js";
import { decodeEncoderConfig } from "../config/hugging-face-config.js";
import { type EncoderModel, encoderModel } from "../encoder/encoder-model.js";
import { planCheckpoint } from "../parameters/checkpoint-names.js";
import { notFound, parseJson, pathIn } from "./file-system.js";
import { type FileContent, filesByName, filesOfFolder } from "./folder-files.js";
import { type FolderFiles, openTensorFiles, type TensorFiles } from "./tensor-files.js";

/**
 * Loads a BERT or RoBERTa masked language model from a Hugging Face folder (`config.json` and `model.safetensors`, or
 * shards with `model.safetensors.index.json`) onto the current tfjs backend. Nothing in the folder is executed; one
 * tensor is read at a time.
 *
 * @param folder - path of a folder on this machine
 * @returns the model, float32 whatever the file holds; `dispose()` frees every weight
 * @throws DiffusionError `FILE_NOT_FOUND` for missing files; `UNSUPPORTED` for another kind of model; `MODEL_INVALID`
 * for damaged files and for missing, unknown or misshapen tensors; `NOT_A_NUMBER` for NaN or infinite weights
 */
export function loadModel(folder: string): Promise<EncoderModel> {
  return modelFrom(filesOfFolder(folder), folder);
}

/** The files of a model, where there is no file system: as a page fetches them. */
export type ModelFiles = {
  readonly "config.json": string;
  readonly "model.safetensors": Uint8Array;
};

/**
 * The same from files in memory, or from Blobs, of which one tensor is read at a time.
 *
 * @param files - by name: `config.json` and `model.safetensors`, or the shards and `model.safetensors.index.json`; others are
 *   not looked at
 * @param source - the folder or address that they come from, for messages
 * @throws DiffusionError as `loadModel`
 */
export function modelFromFiles(
  files: Readonly<Record<string, FileContent | undefined>>,
  source = ".",
): Promise<EncoderModel> {
  return modelFrom(filesByName(files, source), source);
}

async function modelFrom(files: FolderFiles, folder: string): Promise<EncoderModel> {
  const configPath = pathIn(folder, "config.json");
  const text = await files.text("config.json");
  if (text === undefined) throw notFound(configPath, "Name the folder of a Hugging Face model");
  const config = decodeEncoderConfig(parseJson(text, configPath), configPath);
  const tensors = await openTensorFiles(files, folder);
  try {
    return await modelFromTensors(config, tensors, folder);
  } finally {
    await tensors.close();
  }
}

async function modelFromTensors(
  config: EncoderConfig,
  files: Omit<TensorFiles, "close">,
  folder: string,
): Promise<EncoderModel> {
  const { sources, copies } = planCheckpoint(config, files.entries, folder);
  for (const [copy, weight] of copies) await assertSame(files, copy, sources.get(weight) as string, folder);
  return encoderModel(config, (name) => files.read(sources.get(name) as string));
}

/**
 * A tensor that the config calls tied must hold the same numbers: silently dropping others would change the model.
 *
 * @throws DiffusionError `MODEL_INVALID`
 */
export async function assertSame(
  files: Pick<TensorFiles, "read">,
  copy: string,
  original: string,
  folder: string,
): Promise<void> {
  const left = await files.read(copy);
  const right = await files.read(original);
  if (left.data.every((value, index) => Object.is(value, right.data[index]))) return;
  throw new DiffusionError({
    code: "MODEL_INVALID",
    component: "models/checkpoint",
    problem: `${folder}: expected "${copy}" to repeat "${original}", as config.json ties them, got other numbers`,
    remedy: "Set tie_word_embeddings to false in config.json if the model was trained so",
  });
}
