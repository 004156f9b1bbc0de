import type { WeightType } from "@textdiffusion/backend-node";
import {
  byName,
  createPipeline,
  type Generation,
  type GenerationEvent,
  type GenerationRequest,
  type NamedChoice,
  namedChoice,
  type Pipeline,
  Registry,
} from "@textdiffusion/core";
import { type GapSearch, searchGaps } from "@textdiffusion/evaluation";
import { aroundModel } from "./around-model.js";
import { decodeConfig, type TextDiffusionConfig } from "./config.js";
import { defaultPlugins } from "./default-plugins.js";
import { folderModel, isOnnxOnly } from "./folder-model.js";
import { modelRecordOf } from "./model-defaults.js";

export interface LoadOptions extends TextDiffusionConfig {
  /** A Hugging Face folder, with weights or with an ONNX file; what it says in `textdiffusion.json` is the default for everything else. */
  readonly folder: string;
}

/** What was written, and how the lengths of gaps were found that the request left open. */
export interface SearchedGeneration extends Generation {
  readonly searches: readonly GapSearch[];
}

/**
 * A pipeline around the model of a folder. Texts have the length and the frame that it was trained with, and gaps may
 * leave their length open: it is searched for before anything else (`searchGaps`).
 */
export interface TextDiffusion extends Pipeline {
  generate(request?: GenerationRequest): Promise<SearchedGeneration>;
  /** The request with a length for each gap that left it open, and what was tried. */
  searchGaps(
    request?: GenerationRequest,
  ): Promise<{ readonly request: GenerationRequest; readonly searches: readonly GapSearch[] }>;
  /** What the pipeline is made of, for records; those that were passed as values are `{ name, passedAsValue: true }`. */
  readonly settings: {
    readonly folder: string;
    /** A backend of tfjs, or the runtime of an ONNX file. */
    readonly backend: string;
    readonly dtype: WeightType;
    readonly schedule: NamedChoice;
    readonly sampler: NamedChoice;
    readonly denoiser: NamedChoice;
    /** Tokens of a text unless the request says otherwise. */
    readonly length: number;
    readonly frame: boolean;
  };
}

/**
 * A trained model, ready to write.
 *
 * ```ts
 * const model = await loadTextDiffusion("my-model");
 * const { texts } = await model.generate({ prompts: ["Once"], seed: 7 });
 * await model.dispose();
 * ```
 *
 * @param source - the folder, or the folder and what should differ from its defaults
 * @returns the caller disposes of it
 * @throws DiffusionError `FILE_NOT_FOUND`, `MODEL_INVALID`, `NOT_A_NUMBER` and `UNSUPPORTED` for the folder;
 *   `UNKNOWN_COMPONENT`, `UNKNOWN_OPTION`, `CONFIG_INVALID` and `PLUGIN_INVALID` for the config;
 *   `BACKEND_UNAVAILABLE`
 */
export async function loadTextDiffusion(source: string | LoadOptions): Promise<TextDiffusion> {
  const { folder, ...config } = typeof source === "string" ? { folder: source } : source;
  const decoded = await decodeConfig(config);
  const record = await modelRecordOf(folder);
  const { backend = "auto", dtype = "fp32" } = decoded;
  const plugins = [...defaultPlugins, ...decoded.plugins];
  const { schedule = byName(record.schedule), sampler = byName(record.sampler) } = decoded;
  const denoiser = aroundModel(decoded.denoiser, folderModel(folder, record, dtype), new Registry(plugins));
  const needsBackend = !isOnnxOnly(denoiser);
  const pipeline = await createPipeline({
    plugins,
    ...(needsBackend && { backend }),
    schedule,
    sampler,
    tokenizer: { name: "huggingface", folder },
    denoiser,
  });
  try {
    const { maxLength } = await pipeline.get("denoiser");
    const length = Math.min(record.rowLength, maxLength);
    const withDefaults = (request: GenerationRequest = {}): GenerationRequest => ({
      ...request,
      length: request.length ?? length,
      frame: request.frame ?? record.frame,
    });
    const withLengths: TextDiffusion["searchGaps"] = async (given) => {
      const request = withDefaults(given);
      return searchGaps(request, {
        write: pipeline.generate,
        denoiser: await pipeline.get("denoiser"),
        tokenizer: await pipeline.get("tokenizer"),
        schedule: await pipeline.get("schedule"),
        signal: request.signal,
      });
    };
    return {
      ...pipeline,
      searchGaps: withLengths,
      stream: async function* (given): AsyncGenerator<GenerationEvent, void, void> {
        const { request } = await withLengths(given);
        yield* pipeline.stream(request);
      },
      generate: async (given) => {
        const { request, searches } = await withLengths(given);
        return { ...(await pipeline.generate(request)), searches };
      },
      settings: {
        folder,
        backend: needsBackend ? (await pipeline.get("backend")).name : "onnxruntime-node",
        dtype,
        schedule: namedChoice(schedule),
        sampler: namedChoice(sampler),
        denoiser: namedChoice(denoiser),
        length,
        frame: record.frame,
      },
    };
  } catch (error) {
    await pipeline.dispose();
    throw error;
  }
}
