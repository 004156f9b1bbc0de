export {
  type AttentionInput,
  attendTo,
  attentionBias,
  type KeysAndValues,
  multiHeadAttention,
  splitHeads,
} from "./attention.js";
export { dropout } from "./dropout.js";
export { gatherRows } from "./gather-rows.js";
export { gelu, geluTanh } from "./gelu.js";
export { layerNorm } from "./layer-norm.js";
export { linear } from "./linear.js";
export type { MaskedLanguageModel, ModelInput } from "./masked-language-model.js";
export { sparseCrossEntropy } from "./sparse-cross-entropy.js";
export { type TokenDistributionsOptions, tokenDistributions } from "./token-distributions.js";
export { withGradient } from "./with-gradient.js";
