export { type ExportInput, type ExportOptions, exportOnnx } from "./export/export-onnx.js";
export { registerGradients } from "./gradients/register-gradients.js";
export {
  backendName,
  installOnnxBackend,
  type OnnxBackendOptions,
  registerOnnxBackend,
} from "./install-onnx-backend.js";
export { OnnxBackend, type OnnxBackendStatistics } from "./onnx-backend.js";
export { OnnxBackendError, type OnnxBackendErrorCode } from "./onnx-backend-error.js";
export { nodeRuntime } from "./runtime/node-runtime.js";
export type { OnnxRuntime, OnnxSession, SessionSettings } from "./runtime/onnx-runtime.js";
