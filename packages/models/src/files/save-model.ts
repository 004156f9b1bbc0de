import { DiffusionError, encodeSafetensorsTensor, layoutSafetensors } from "@textdiffusion/core";
import type { EncoderConfig } from "../config/encoder-config.js";
import { encodeEncoderConfig } from "../config/hugging-face-config.js";
import { architectures } from "../encoder/architectures.js";
import type { EncoderModel } from "../encoder/encoder-model.js";
import { parameterLayout } from "../parameters/parameter-layout.js";
import { makeFolder, pathIn, replaceFile, replaceTextFile } from "./file-system.js";
import type { ModelFiles } from "./load-model.js";

export interface SaveModelOptions {
  /** `float16` halves the file and rounds. Default `float32`. */
  readonly dtype?: "float32" | "float16";
}

/**
 * Writes `config.json` and `model.safetensors`, which Python's `AutoModelForMaskedLM.from_pretrained(folder)` opens.
 * A tied decoder is left out, as transformers leaves it out. The tokenizer's files are the caller's to copy.
 *
 * Each file is written under a temporary name and renamed, the weights last; one tensor is downloaded at a time.
 *
 * @param folder - made if it is not there
 * @throws DiffusionError `NOT_A_NUMBER` for NaN or infinite weights and `MODEL_INVALID` for ones that float16 cannot
 * say, both before any file is replaced; `FILE_NOT_WRITABLE`
 */
export async function saveModel(
  model: EncoderModel,
  folder: string,
  options: SaveModelOptions = {},
): Promise<void> {
  const { config, weights } = encodeModel(model, options);
  await makeFolder(folder);
  await replaceFile(pathIn(folder, "model.safetensors"), async (append) => {
    for await (const bytes of weights) await append(bytes);
    await replaceTextFile(pathIn(folder, "config.json"), config);
  });
}

/**
 * The same files in memory, byte for byte, where there is no file system: what `modelFromFiles` makes the model of again.
 *
 * @throws DiffusionError `NOT_A_NUMBER`, `MODEL_INVALID` as `saveModel`
 */
export async function filesFromModel(
  model: EncoderModel,
  options: SaveModelOptions = {},
): Promise<ModelFiles> {
  const { config, sizeBytes, weights } = encodeModel(model, options);
  const safetensors = new Uint8Array(sizeBytes);
  let end = 0;
  for await (const bytes of weights) {
    safetensors.set(bytes, end);
    end += bytes.length;
  }
  return { "config.json": config, "model.safetensors": safetensors };
}

// --- internal ---

/** The text of `config.json`, and the bytes of `model.safetensors`, one tensor after the other. */
function encodeModel(model: EncoderModel, { dtype = "float32" }: SaveModelOptions) {
  const precision = dtype === "float16" ? "F16" : "F32";
  const stored = storedNames(model.config);
  const shapes = new Map([...stored].map(([name, weight]) => [name, variable(model, weight).shape] as const));
  const layout = layoutSafetensors(shapes, { precision, metadata: { format: "pt" } });

  async function* weights(): AsyncGenerator<Uint8Array, void, void> {
    yield layout.start;
    for (const name of layout.names) {
      const weight = variable(model, stored.get(name) as string);
      const data = (await weight.data()) as Float32Array;
      assertFinite(name, data);
      yield encodeSafetensorsTensor(name, { shape: weight.shape, data }, precision);
    }
  }
  const config = `${JSON.stringify(encodeEncoderConfig(model.config, dtype), null, 2)}\n`;
  return { config, sizeBytes: layout.sizeBytes, weights: weights() };
}

/** Name in the file to parameter. Without ties, transformers expects the bias of the vocabulary under both its names. */
function storedNames(config: EncoderConfig): Map<string, string> {
  const { head } = architectures[config.architecture];
  const names = new Map([...parameterLayout(config).keys()].map((name) => [name, name]));
  if (!config.tiedEmbeddings) names.set(head.bias, `${head.decoder}.bias`);
  return names;
}

function variable({ name: architecture, parameters }: EncoderModel, name: string) {
  const found = parameters.get(name);
  if (found) return found;
  throw new DiffusionError({
    code: "DISPOSED",
    component: `models/${architecture}`,
    problem: `expected a live model, got one without "${name}"`,
    remedy: "Save a model before dispose()",
  });
}

function assertFinite(name: string, data: Float32Array): void {
  const stray = data.findIndex((value) => !Number.isFinite(value));
  if (stray < 0) return;
  throw new DiffusionError({
    code: "NOT_A_NUMBER",
    component: "models/save",
    problem: `expected finite numbers in "${name}", got ${data[stray]} at index ${stray}`,
    remedy: "The training diverged; save an earlier state",
    details: { name },
  });
}
