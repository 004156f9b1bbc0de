/** The entry for browsers: nothing here, and nothing that it imports, needs Node. */
export { maxLengthOfConfig } from "./config-length.js";
export { type OnnxModel, type OnnxModelInput, type OnnxModelOptions, onnxModel } from "./model/onnx-model.js";
export { type OnnxDenoiserOptions, onnxDenoiser } from "./onnx-denoiser.js";
export type { OnnxLibrary, OnnxSession, OnnxValue } from "./session/onnx-session.js";
export { type FetchedModel, webSession } from "./session/web-session.js";
