export { type OnnxModel, type OnnxModelInput, type OnnxModelOptions, onnxModel } from "./model/onnx-model.js";
export { type OnnxDenoiserOptions, onnxDenoiser } from "./onnx-denoiser.js";
export { type OnnxFileOptions, onnxDenoiserPlugin } from "./onnx-denoiser-plugin.js";
export { type NodeSessionOptions, nodeSession } from "./session/node-session.js";
export type { OnnxLibrary, OnnxSession, OnnxValue } from "./session/onnx-session.js";
export { type FetchedModel, webSession } from "./session/web-session.js";
