export * from "@textdiffusion/backend-node";
export * from "@textdiffusion/constraints";
export * from "@textdiffusion/core";
export * from "@textdiffusion/data";
export * from "@textdiffusion/denoisers";
export * from "@textdiffusion/evaluation";
export * from "@textdiffusion/hub";
export * from "@textdiffusion/models/records";
export * from "@textdiffusion/onnx-denoiser";
export * from "@textdiffusion/samplers";
export * from "@textdiffusion/schedules";
export * from "@textdiffusion/training/trainer";
export {
  type DataOptions,
  type DecodedConfig,
  decodeConfig,
  defineConfig,
  type ModelOptions,
  type TextDiffusionConfig,
  type TrainingSettings,
} from "./config.js";
export { configJsonSchema, type JsonSchema } from "./config-json-schema.js";
export { defaultPlugins } from "./default-plugins.js";
export type { EvaluationBeside } from "./evaluation/evaluate-beside.js";
export {
  type EvaluateRequest,
  type EvaluationStage,
  evaluateTextDiffusion,
  type ModelEvaluation,
} from "./evaluation/evaluate-text-diffusion.js";
export type { EvaluationProvenance } from "./evaluation/evaluation-provenance.js";
export { laboratoryEntries, type NamedSampler } from "./evaluation/laboratory-entries.js";
export { type LaboratoryRequest, laboratoryOptions } from "./evaluation/laboratory-options.js";
export { splitText } from "./evaluation/split-text.js";
export { type BackendReport, examineMachine, type MachineReport } from "./examine-machine.js";
export {
  type ExportOnnxRequest,
  type ExportStage,
  exportOnnxModel,
  type OnnxAxes,
  type OnnxExport,
  type OnnxModelFile,
} from "./export/export-onnx-model.js";
export {
  type ExportedWeights,
  type ExportWeightsRequest,
  exportWeights,
} from "./export/export-weights.js";
export { type HuggingfaceDenoiserOptions, huggingfaceDenoiser } from "./huggingface-denoiser.js";
export {
  type Autoregression,
  type AutoregressionOptions,
  loadAutoregression,
} from "./load-autoregression.js";
export {
  type LoadOptions,
  loadTextDiffusion,
  type SearchedGeneration,
  type TextDiffusion,
} from "./load-text-diffusion.js";
export { modelRecordOf, newModelRecord } from "./model-defaults.js";
export { type PrepareRequest, prepareTokens } from "./prepared/prepare-tokens.js";
export type { PreparationProgress, PreparedData } from "./prepared/prepared-folder.js";
export { type Provenance, provenanceOf } from "./provenance.js";
export {
  type DocumentChoice,
  documentsOf,
  type ReadDocuments,
  type ReadingObserver,
  readDocuments,
} from "./read-documents.js";
export {
  loadTracedModel,
  type TracedModelOptions,
  tracedConstraint,
  tracedSampler,
} from "./trace/load-traced-model.js";
export { assertSameModel, type ModelHashes, modelHashes } from "./trace/model-hashes.js";
export { readTraceFile, recordTrace } from "./trace/trace-file.js";
export { traceHeaderOf, traceToFile } from "./trace/trace-to-file.js";
export { type TrainOutcome, type TrainRequest, trainTextDiffusion } from "./train-text-diffusion.js";
