import { computingPackages } from "@textdiffusion/backend-node";
import type { TextDiffusion } from "./load-text-diffusion.js";
import { presetVersion } from "./preset-version.js";
import { type ModelHashes, modelHashes } from "./trace/model-hashes.js";

/** What a result of a model rests on, as plain JSON: who has the same of all this gets it again. */
export interface Provenance {
  /** The pipeline: component by kind, `dtype`, `length` (tokens), `frame`. */
  readonly config: Omit<TextDiffusion["settings"], "folder">;
  readonly model: {
    readonly folder: string;
    /** SHA-256 of each file that the model is made of: config, weights, tokenizer. */
    readonly files: ModelHashes;
  };
  /** Version of each package that computes. Packages of ours share one version. */
  readonly packages: Readonly<Record<string, string>>;
  readonly platform: {
    readonly node: string;
    readonly os: string;
    readonly arch: string;
    /** What the backend runs on, and on how many threads; an ONNX file's runtime does not say. */
    readonly device?: string;
  };
}

/**
 * Settings, hashes and versions of a model that was loaded. Reads its whole weights, once: about a second for each gigabyte.
 *
 * @throws DiffusionError `FILE_NOT_FOUND`
 */
export async function provenanceOf(model: TextDiffusion): Promise<Provenance> {
  const { folder, ...config } = model.settings;
  // An ONNX file alone needs no backend of tfjs, and starting one would say what did not compute.
  const device =
    config.backend === "onnxruntime-node" ? undefined : (await model.get("backend")).capabilities.device;
  return {
    config,
    model: { folder, files: await hashesOf(model) },
    packages: { textdiffusion: presetVersion(), ...computingPackages(config.backend) },
    platform: {
      node: process.versions.node,
      os: process.platform,
      arch: process.arch,
      ...(device !== undefined && { device }),
    },
  };
}

// --- internal ---

/** A model's files are hashed once: its weights are in memory, whatever becomes of the files. */
const hashesOfModels = new WeakMap<TextDiffusion, Promise<ModelHashes>>();

function hashesOf(model: TextDiffusion): Promise<ModelHashes> {
  const known = hashesOfModels.get(model) ?? modelHashes(model.settings.folder, model.settings.denoiser);
  hashesOfModels.set(model, known);
  return known;
}
