export { hostDistributions } from "@textdiffusion/core";
export { fakeDenoiser } from "./denoisers/fake-denoiser.js";
export { type HostDenoiserOptions, type HostRow, hostDenoiser } from "./denoisers/host-denoiser.js";
export { oracleDenoiser } from "./denoisers/oracle-denoiser.js";
export { type JointEntry, tableDenoiser } from "./denoisers/table-denoiser.js";
export { uniformDenoiser } from "./denoisers/uniform-denoiser.js";
export { assertLaws, type Law, type LawSkip, withSkips } from "./law.js";
export { type BackendLawOptions, backendLaws } from "./laws/backend-laws.js";
export { type CallbackLawOptions, callbackLaws } from "./laws/callback-laws.js";
export { type CollatorLawOptions, collatorLaws } from "./laws/collator-laws.js";
export { type ConstraintLawOptions, constraintLaws } from "./laws/constraint-laws.js";
export { type DataSourceLawOptions, dataSourceLaws } from "./laws/data-source-laws.js";
export { type DenoiserLawOptions, denoiserLaws } from "./laws/denoiser-laws.js";
export { type NoiseScheduleLawOptions, noiseScheduleLaws } from "./laws/noise-schedule-laws.js";
export { type ComponentSetting, type PluginLawOptions, pluginLaws } from "./laws/plugin-laws.js";
export { type SamplerLawOptions, samplerLaws } from "./laws/sampler-laws.js";
export { type TokenizerLawOptions, tokenizerLaws } from "./laws/tokenizer-laws.js";
export { powerNoise } from "./power-noise.js";
export {
  type BackendProbe,
  type HostTensor,
  type ProbeFormula,
  probeFormulas,
} from "./probes/backend-probe.js";
export { type TensorflowLike, tensorflowProbe } from "./probes/tensorflow-probe.js";
export { chiSquare, logGamma, upperGamma } from "./statistics/chi-square.js";
export { letterTokenizer } from "./tokenizers/letter-tokenizer.js";
