export { denoisersPlugin, guided, nextAligned, reusing } from "./denoisers-plugin.js";
export { type GuidanceOptions, guidedDenoiser } from "./guided-denoiser.js";
export { nextAlignedDenoiser } from "./next-aligned-denoiser.js";
export { paddedDenoiser } from "./padded-denoiser.js";
export { reusingDenoiser } from "./reusing-denoiser.js";
