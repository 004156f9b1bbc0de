export { type CreateModelOptions, createModel } from "./create-model.js";
export { type CacheOptions, cacheKinds, cachingDenoiser } from "./denoiser/caching-denoiser.js";
export {
  type MaskedLanguageModelDenoiserOptions,
  maskedLanguageModelDenoiser,
} from "./denoiser/masked-language-model-denoiser.js";
export type { EncoderMemory, RecallInput, RecallingModel } from "./encoder/encoder-memory.js";
export { type EncoderModel, encoderModelFromArrays } from "./encoder/encoder-model.js";
export { nextAlignedModel } from "./encoder/next-aligned-model.js";
export type { FileContent, ReadableBlob } from "./files/folder-files.js";
export { loadModel, type ModelFiles, modelFromFiles } from "./files/load-model.js";
export { filesFromModel, type SaveModelOptions, saveModel } from "./files/save-model.js";
export { type CausalDenoiserOptions, causalDenoiser } from "./gpt2/causal-denoiser.js";
export type { Gpt2Config } from "./gpt2/gpt2-config.js";
export { type CausalLanguageModel, type CausalMemory, forget, type NextToken } from "./gpt2/gpt2-model.js";
export { loadGpt2 } from "./gpt2/load-gpt2.js";
export * from "./records.js";
