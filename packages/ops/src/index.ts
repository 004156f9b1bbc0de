export type { MaskedLanguageModel, ModelInput } from "./masked-language-model.js";
