import { existsSync } from "node:fs";
import { join } from "node:path";
import type { WeightType } from "@textdiffusion/backend-node";
import { DiffusionError, isComponent, type NamedChoice } from "@textdiffusion/core";
import type { ModelRecord } from "@textdiffusion/models/records";
import type { ModelChoices } from "./around-model.js";

/**
 * What can compute the model of a folder: `huggingface` its weights in `model.safetensors`, on a backend of tfjs; `onnx`
 * its graph in `onnx/model.onnx`, as transformers.js lays it out, or `model.onnx`, as optimum does, on a runtime of its
 * own. Where nothing is said the weights are taken, if there are any.
 *
 * @param dtype - how `huggingface` holds its weights; `onnx` reads `q8` from `model_quantized.onnx`
 *
 * `complete` throws DiffusionError `FILE_NOT_FOUND` for `onnx` in a folder without such a file.
 */
export function folderModel(
  folder: string,
  { logitAlignment }: ModelRecord,
  dtype: WeightType,
): ModelChoices {
  const files = onnxFiles[dtype].map((name) => join(folder, name));
  const onnxFile = files.find(existsSync);
  return {
    default:
      !has(folder, weightFiles) && has(folder, Object.values(onnxFiles).flat()) ? "onnx" : "huggingface",
    complete(options) {
      if (options.name === "huggingface") {
        const said = { ...(logitAlignment && { logitAlignment }), ...(dtype !== "fp32" && { dtype }) };
        return { folder, ...said, ...options };
      }
      if (options.name !== "onnx") return undefined;
      const denoiser = { ...options, file: options.file ?? onnxFile ?? missing(files) };
      return logitAlignment === "next" ? { name: "next-aligned", denoiser } : denoiser;
    },
  };
}

/** Whether a choice of denoiser computes by an ONNX file alone, and so on no backend of tfjs. */
export function isOnnxOnly(choice: unknown): boolean {
  if (typeof choice !== "object" || choice === null || isComponent(choice)) return false;
  const { name, denoiser } = choice as Exclude<NamedChoice, string>;
  return name === "onnx" || isOnnxOnly(denoiser);
}

// --- internal ---

/** Under the names of transformers.js. */
const onnxFiles: Readonly<Record<WeightType, readonly string[]>> = {
  fp32: ["onnx/model.onnx", "model.onnx"],
  q8: ["onnx/model_quantized.onnx", "model_quantized.onnx"],
};

const weightFiles = ["model.safetensors", "model.safetensors.index.json"];

function has(folder: string, names: readonly string[]): boolean {
  return names.some((name) => existsSync(join(folder, name)));
}

function missing(files: readonly string[]): never {
  throw new DiffusionError({
    code: "FILE_NOT_FOUND",
    component: "textdiffusion/model",
    problem: `expected the file ${files.join(" or ")}, got none`,
    remedy: "Write it with textdiffusion export, or name the file of the denoiser onnx in the config",
  });
}
