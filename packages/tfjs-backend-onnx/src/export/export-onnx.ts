import { open, rename, rm } from "node:fs/promises";
import { basename } from "node:path";
import type { Tensor } from "@tensorflow/tfjs-core";
import { encodeModelParts, type OnnxGraph, type OnnxValue, opset } from "../model/onnx-model.js";
import { sizeOfParts } from "../model/protobuf-writer.js";
import type { OnnxBackend } from "../onnx-backend.js";
import { messageOf, OnnxBackendError } from "../onnx-backend-error.js";
import { dataParts, withExternalData } from "./external-data.js";
import { type RecordOptions, recordOnnx } from "./record-onnx.js";

export interface ExportOptions extends RecordOptions {
  /**
   * Weights in `<file>_data` beside the model in place of inside it. Default: where they would make a file of 2 GiB,
   * the most that protobuf can say.
   */
  readonly externalData?: boolean;
}

/** What was written. */
export interface ExportedModel {
  readonly file: string;
  readonly bytes: number;
  /** The weights beside the file. */
  readonly external?: { readonly file: string; readonly bytes: number };
  /** Version of the operators that a runtime must know. */
  readonly opset: number;
  readonly inputs: readonly OnnxValue[];
  readonly outputs: readonly OnnxValue[];
}

/**
 * Writes what a function of tensors computes as an .onnx file, which onnxruntime reads in Python, in Node and in the
 * browser. What is not an input, like the weights, becomes a constant. The function is recorded on zeros and not run;
 * it must not look at values. Where axes are named, it is recorded twice, with different sizes.
 *
 * @param run - gives the results by name; runs in a tidy
 * @throws OnnxBackendError `UNSUPPORTED` when an operation needs a size that was left open, or a result needs no input;
 * `FILE_NOT_WRITABLE`
 */
export async function exportOnnx(
  backend: OnnxBackend,
  run: (...inputs: Tensor[]) => Record<string, Tensor>,
  file: string,
  options: ExportOptions,
): Promise<ExportedModel> {
  const recorded = await recordOnnx(backend, run, options);
  const { externalData = bytesOf(recorded) > mostBytesInside } = options;
  const dataFile = `${file}_data`; // as optimum names it
  const graph = externalData ? withExternalData(recorded, basename(dataFile)) : recorded;
  const model = encodeModelParts(graph, options);
  const data = dataParts(graph);
  // The weights first: a model that is there has them.
  if (data.length > 0) await replaceFile(dataFile, data);
  await replaceFile(file, model);
  return {
    file,
    bytes: sizeOfParts(model),
    ...(data.length > 0 && { external: { file: dataFile, bytes: sizeOfParts(data) } }),
    opset,
    inputs: graph.inputs,
    outputs: graph.outputs,
  };
}

// --- internal ---

/** 2 GiB, less what the operators take. */
const mostBytesInside = 2 ** 31 - 2 ** 24;

function bytesOf({ constants }: OnnxGraph): number {
  return constants.reduce((sum, { bytes }) => sum + bytes.length, 0);
}

/** Writes beside the target and renames, so that a file is whole or absent. */
async function replaceFile(target: string, parts: readonly Uint8Array[]): Promise<void> {
  const temporary = `${target}.partial`;
  try {
    const handle = await open(temporary, "w");
    try {
      for (const part of parts) await handle.writeFile(part);
    } finally {
      await handle.close();
    }
    await rename(temporary, target);
  } catch (error) {
    await rm(temporary, { force: true });
    throw new OnnxBackendError({
      code: "FILE_NOT_WRITABLE",
      component: "export",
      problem: `expected to write "${target}", got "${messageOf(error)}"`,
      remedy: "Name a file in a folder that exists and may be written to",
      cause: error,
    });
  }
}
