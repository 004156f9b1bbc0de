export type { BackendOptions, PassedBy } from "@textdiffusion/tfjs-backends/options";
export { backendNodePlugin } from "./backend-node-plugin.js";
export { type CreateBackendOptions, createBackend, startBackend } from "./create-backend.js";
export { type BackendFinding, type DoctorReport, doctor } from "./doctor.js";
export { type GraphicsFinding, graphicsProcessors } from "./graphics.js";
export { computingPackages } from "./installed-versions.js";
export type { NodeBackendOptions, OnnxProvider } from "./node-backend-options.js";
export { type WeightType, weightTypes } from "./weight-types.js";
