import * as tf from "@tensorflow/tfjs-core";
import type { PassedBy } from "@textdiffusion/backend-web";
import { type Denoiser, idsUnknownTo, type NamedChoice } from "@textdiffusion/core";
import { type FileTokenizer, type TokenizerFiles, tokenizerFromFiles } from "@textdiffusion/data";
import { nextAlignedDenoiser, paddedDenoiser } from "@textdiffusion/denoisers";
import { maskedLanguageModelDenoiser, modelFromFiles } from "@textdiffusion/models";
import { decodeModelRecord, type ModelRecord } from "@textdiffusion/models/records";
import { maxLengthOfConfig, onnxDenoiser, onnxModel, webSession } from "@textdiffusion/onnx-denoiser/web";
import type { OnnxBackend } from "@textdiffusion/tfjs-backend-onnx/web";
import { fetchTinyModel } from "../tiny-model.js";
import { onnxRuntime, threadsHere } from "./onnx-runtime.js";
import { type ModelInfo, type OwnModel, onnxPathOf, refused } from "./own-model.js";
import { startComputing, stopComputing } from "./start-backend.js";

/** A model that is ready to write. */
export interface OpenModel {
  readonly info: ModelInfo;
  readonly tokenizer: FileTokenizer;
  readonly denoiser: Denoiser;
  readonly schedule: NamedChoice;
  /** Whether texts stand between the tokenizer's begin and end tokens. */
  readonly frame: boolean;
  readonly device: string;
  readonly passedBy: readonly PassedBy[];
  dispose(): Promise<void>;
}

/**
 * Opens a model on a backend; one in an ONNX file on the runtime of ONNX, whatever the backend.
 *
 * @param own - default the model that ships with the page
 * @throws DiffusionError for files that are missing, broken, or do not belong together, and for the backend
 */
export async function openModel(own: OwnModel | undefined, backend: string): Promise<OpenModel> {
  const files = own ? own.files : await fetchTinyModel();
  const source = own?.name ?? "the tiny model";
  const texts = await textsOf(files);
  const record = recordOf(texts["textdiffusion.json"], own, source);
  const tokenizer = tokenizerFromFiles(texts as unknown as TokenizerFiles, source);
  const onnxPath = onnxPathOf(Object.keys(files));
  const aligned = (denoiser: Denoiser) =>
    record.logitAlignment === "next" ? nextAlignedDenoiser(denoiser) : denoiser;
  const about = (denoiser: Denoiser) => ({
    info: {
      name: source,
      origin: own?.origin ?? ("shipped" as const),
      revision: own?.revision,
      sizeBytes: sizeOf(files),
      maxLength: denoiser.maxLength,
      kind: kindOf(texts["config.json"], onnxPath),
    },
    tokenizer,
    denoiser,
    schedule: record.schedule as NamedChoice,
    frame: record.frame,
  });

  if (onnxPath !== undefined) {
    const denoiser = aligned(
      await onnxFrom(files as OwnModel["files"], onnxPath, texts["config.json"], tokenizer, source),
    );
    return {
      ...about(denoiser),
      device: `ONNX Runtime, WebAssembly, ${threadsHere()} ${threadsHere() === 1 ? "thread" : "threads"}`,
      passedBy: [],
      dispose: async () => denoiser.dispose(),
    };
  }

  const computing = await startComputing(backend, async () => {
    const model = await modelFromFiles(files, source);
    try {
      assertFits(tokenizer, model.vocabularySize, source);
      if (tf.getBackend() === "onnx") await (tf.backend() as OnnxBackend).freeze(model.parameters.values());
      const drawable = {
        maskTokenId: tokenizer.special.mask,
        forbidden: idsUnknownTo(tokenizer, model.vocabularySize),
      };
      return paddedDenoiser(aligned(maskedLanguageModelDenoiser(model, drawable)));
    } catch (error) {
      model.dispose();
      throw error;
    }
  });
  return {
    ...about(computing.denoiser),
    device: computing.backend.capabilities.device,
    passedBy: computing.passedBy,
    dispose: () => stopComputing(computing),
  };
}

// --- internal ---

type Files = Readonly<Record<string, Blob | Uint8Array | string>>;

/** The small files, decoded. */
async function textsOf(files: Files): Promise<Readonly<Record<string, string>>> {
  const texts: Record<string, string> = {};
  for (const [path, content] of Object.entries(files)) {
    if (!path.endsWith(".json") || path.endsWith(".index.json")) continue;
    texts[path] = content instanceof Blob ? await content.text() : String(content);
  }
  return texts;
}

/** How the model was trained. BERT and RoBERTa from elsewhere only know texts between their begin and end tokens. */
function recordOf(
  text: string | undefined,
  own: OwnModel | undefined,
  source: string,
): Pick<ModelRecord, "schedule" | "frame" | "logitAlignment"> {
  if (text === undefined) return { schedule: "linear", frame: own !== undefined };
  return decodeModelRecord(parsed(text, `${source}/textdiffusion.json`), `${source}/textdiffusion.json`);
}

async function onnxFrom(
  files: OwnModel["files"],
  path: string,
  config: string,
  tokenizer: FileTokenizer,
  source: string,
): Promise<Denoiser> {
  const maxLength = maxLengthOfConfig(config);
  if (maxLength === undefined) {
    throw refused(
      `expected max_position_embeddings in ${source}/config.json, got none`,
      "Take the config.json that belongs to the ONNX file",
      "MODEL_INVALID",
    );
  }
  const bytes = async (file: Blob) => new Uint8Array(await file.arrayBuffer());
  const externalData = await Promise.all(
    Object.entries(files)
      .filter(([other]) => other.startsWith(path) && other !== path)
      .map(async ([other, file]) => ({
        path: other.slice(other.lastIndexOf("/") + 1),
        data: await bytes(file),
      })),
  );
  const library = await onnxRuntime();
  library.env.wasm.numThreads ||= threadsHere();
  const model = await onnxModel(
    await webSession(library, { source: `${source}/${path}`, model: await bytes(files[path]), externalData }),
  );
  try {
    assertFits(tokenizer, model.vocabularySize, source);
    return onnxDenoiser(model, {
      maxLength,
      maskTokenId: tokenizer.special.mask,
      forbidden: idsUnknownTo(tokenizer, model.vocabularySize),
    });
  } catch (error) {
    model.dispose();
    throw error;
  }
}

function assertFits({ vocabularySize }: FileTokenizer, rows: number, source: string): void {
  if (vocabularySize <= rows) return;
  throw refused(
    `expected a tokenizer of at most ${rows} tokens, as the model ${source} has, got ${vocabularySize}`,
    "Do tokenizer.json and the weights belong together?",
    "MODEL_INVALID",
  );
}

function kindOf(config: string, onnxPath: string | undefined): string {
  const { model_type, num_hidden_layers, hidden_size } = parsed(config, "config.json") as Record<
    string,
    unknown
  >;
  const sizes = num_hidden_layers
    ? `, ${num_hidden_layers} ${num_hidden_layers === 1 ? "layer" : "layers"}, ${hidden_size} wide`
    : "";
  return `${onnxPath ? "ONNX, " : ""}${model_type}${sizes}`;
}

function sizeOf(files: Files): number {
  return Object.entries(files)
    .filter(([path]) => !path.endsWith(".json"))
    .reduce((sum, [, content]) => sum + (content instanceof Blob ? content.size : content.length), 0);
}

function parsed(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw refused(
      `expected JSON in ${path}, got ${(cause as Error).message}`,
      "Copy the file again",
      "MODEL_INVALID",
    );
  }
}
