import type { InferenceSession } from "onnxruntime-common";
import { type OnnxLibrary, type OnnxSession, openSession } from "./onnx-session.js";

/** A model as it was fetched. */
export interface FetchedModel {
  /** Names the model in messages: its address. */
  readonly source: string;
  readonly model: Uint8Array;
  /** Weights beside the model, under the name that it calls them: `model.onnx_data`. */
  readonly externalData?: readonly { readonly path: string; readonly data: Uint8Array }[];
  /** In order of preference. Default the library's own: `["wasm"]`. */
  readonly executionProviders?: readonly string[];
}

/**
 * A model in a library of ONNX Runtime that the caller imports, and whose build and threads (`env.wasm`) the caller so
 * chooses: `import * as ort from "onnxruntime-web"`. In Node as well.
 *
 * @throws DiffusionError `MODEL_INVALID`
 */
export function webSession(
  library: OnnxLibrary,
  { source, model, externalData = [], executionProviders }: FetchedModel,
): Promise<OnnxSession> {
  const session: InferenceSession.SessionOptions = {
    logSeverityLevel: 4, // errors are thrown
    ...(executionProviders && { executionProviders: [...executionProviders] }),
    ...(externalData.length > 0 && { externalData: [...externalData] }),
  };
  return openSession(library, model, { source, runtime: "onnxruntime-web", session });
}
