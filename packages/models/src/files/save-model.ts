import { DiffusionError, encodeSafetensorsTensor, layoutSafetensors } from "@textdiffusion/core";
import type { EncoderConfig } from "../config/encoder-config.js";
import { encodeEncoderConfig } from "../config/hugging-face-config.js";
import { architectures } from "../encoder/architectures.js";
import type { EncoderModel } from "../encoder/encoder-model.js";
import { parameterLayout } from "../parameters/parameter-layout.js";
import { makeFolder, pathIn, replaceFile, replaceTextFile } from "./file-system.js";

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
  { dtype = "float32" }: SaveModelOptions = {},
): Promise<void> {
  const precision = dtype === "float16" ? "F16" : "F32";
  const weights = storedNames(model.config);
  const shapes = new Map(
    [...weights].map(([stored, name]) => [stored, variable(model, name).shape] as const),
  );
  const layout = layoutSafetensors(shapes, { precision, metadata: { format: "pt" } });
  await makeFolder(folder);
  await replaceFile(pathIn(folder, "model.safetensors"), async (append) => {
    await append(layout.start);
    for (const stored of layout.names) {
      const weight = variable(model, weights.get(stored) as string);
      const data = (await weight.data()) as Float32Array;
      assertFinite(stored, data);
      await append(encodeSafetensorsTensor(stored, { shape: weight.shape, data }, precision));
    }
    const config = encodeEncoderConfig(model.config, dtype);
    await replaceTextFile(pathIn(folder, "config.json"), `${JSON.stringify(config, null, 2)}\n`);
  });
}

// --- internal ---

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
