import { DiffusionError } from "@textdiffusion/core";
import type { InferenceSession, Tensor } from "onnxruntime-common";

/** The part of a module of ONNX Runtime that is used: `onnxruntime-node`, `onnxruntime-web` or one of its builds. */
export interface OnnxLibrary {
  readonly InferenceSession: {
    create(model: string, options?: InferenceSession.SessionOptions): Promise<InferenceSession>;
    create(model: Uint8Array, options?: InferenceSession.SessionOptions): Promise<InferenceSession>;
  };
  readonly Tensor: new (
    type: "int64" | "int32",
    values: BigInt64Array | Int32Array,
    shape: readonly number[],
  ) => Tensor;
}

/** What a file says of one of its inputs or outputs. */
export interface OnnxValue {
  readonly name: string;
  /** `int64`, `float32`, and so on. */
  readonly type: string;
  /** A string, or an empty name, is a size that is left open. */
  readonly shape: readonly (number | string)[];
}

/** A model that is loaded. Shapes and types are checked by who uses it. */
export interface OnnxSession {
  /** Names the model in messages. */
  readonly source: string;
  /** `onnxruntime-node`, `onnxruntime-web`. */
  readonly runtime: string;
  readonly inputs: readonly OnnxValue[];
  readonly outputs: readonly OnnxValue[];
  /**
   * @param feeds - numbers by the names of the inputs
   * @param output - the one that is wanted
   * @throws DiffusionError `RUNTIME_FAILED`
   */
  run(
    feeds: Readonly<Record<string, OnnxFeed>>,
    output: string,
  ): Promise<{ readonly values: unknown; readonly shape: readonly number[] }>;
  release(): Promise<void>;
}

export interface OnnxFeed {
  readonly values: BigInt64Array | Int32Array;
  readonly shape: readonly number[];
}

export interface OpenOptions {
  readonly source: string;
  readonly runtime: string;
  readonly session: InferenceSession.SessionOptions;
}

/**
 * Loads a model into a runtime.
 *
 * @param model - a path, where the runtime reads files, or the bytes
 * @throws DiffusionError `MODEL_INVALID` for what is no ONNX model, is damaged, or lacks its weights
 */
export async function openSession(
  library: OnnxLibrary,
  model: string | Uint8Array,
  { source, runtime, session: options }: OpenOptions,
): Promise<OnnxSession> {
  const { InferenceSession } = library;
  const session = await (typeof model === "string"
    ? InferenceSession.create(model, options)
    : InferenceSession.create(model, options)
  ).catch((cause) => {
    throw new DiffusionError({
      code: "MODEL_INVALID",
      component: "onnx-denoiser/session",
      problem: `expected an ONNX model that ${runtime} can load in ${source}, got: ${messageOf(cause)}`,
      remedy: "Export or copy it again, with the file of weights beside it where it has one",
      cause,
    });
  });
  return {
    source,
    runtime,
    inputs: session.inputMetadata.map(describe),
    outputs: session.outputMetadata.map(describe),
    async run(feeds, output) {
      const tensors = Object.entries(feeds).map(([name, { values, shape }]) => {
        const type = values instanceof Int32Array ? "int32" : "int64";
        return [name, new library.Tensor(type, values, shape)] as const;
      });
      try {
        const results = await session.run(Object.fromEntries(tensors), [output]);
        const { data, dims } = results[output] as Tensor;
        return { values: data, shape: dims };
      } catch (cause) {
        throw new DiffusionError({
          code: "RUNTIME_FAILED",
          component: "onnx-denoiser/session",
          problem: `expected ${source} to run, got: ${messageOf(cause)}`,
          remedy:
            "Shorter rows or fewer of them need less memory; export the model again if that does not help",
          cause,
        });
      }
    },
    release: () => session.release(),
  };
}

// --- internal ---

function describe(value: InferenceSession.ValueMetadata): OnnxValue {
  const { name } = value;
  return value.isTensor
    ? { name, type: value.type, shape: value.shape }
    : { name, type: "no tensor", shape: [] };
}

function messageOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).trim().split("\n")[0];
}
