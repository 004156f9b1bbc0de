import { stat } from "node:fs/promises";
import { createRequire } from "node:module";
import { DiffusionError } from "@textdiffusion/core";
import { type OnnxLibrary, type OnnxSession, openSession } from "./onnx-session.js";

export interface NodeSessionOptions {
  /** Threads inside one operator. Default: all cores. */
  readonly threads?: number;
}

/**
 * An .onnx file in the native library of ONNX Runtime. Weights in a file beside it are found there.
 *
 * @throws DiffusionError `FILE_NOT_FOUND`, `MODEL_INVALID`, `BACKEND_UNAVAILABLE` where the library cannot be loaded
 */
export async function nodeSession(file: string, { threads }: NodeSessionOptions = {}): Promise<OnnxSession> {
  const isFile = await stat(file).then(
    (found) => found.isFile(),
    () => false,
  );
  if (!isFile) {
    throw new DiffusionError({
      code: "FILE_NOT_FOUND",
      component: "onnx-denoiser/session",
      problem: `expected an .onnx file at ${file}, got none`,
      remedy: "Correct the name, or write one with textdiffusion export",
    });
  }
  return openSession(library(), file, {
    source: file,
    runtime: "onnxruntime-node",
    session: {
      ...(threads !== undefined && { intraOpNumThreads: threads }),
      logSeverityLevel: 4, // errors are thrown
      // Between two forwards the sampler works on the host: threads that spin would take its core.
      extra: { "session.intra_op.allow_spinning": "0" },
    },
  });
}

// --- internal ---

/** Loaded when it is first wanted, so that importing this package does nothing. */
function library(): OnnxLibrary {
  try {
    return createRequire(import.meta.url)("onnxruntime-node");
  } catch (cause) {
    throw new DiffusionError({
      code: "BACKEND_UNAVAILABLE",
      component: "onnx-denoiser/session",
      problem: `expected the library of onnxruntime-node for ${process.platform}-${process.arch}, got ${(cause as Error).message}`,
      remedy: "Install onnxruntime-node 1.30.0 for this platform",
      cause,
    });
  }
}
