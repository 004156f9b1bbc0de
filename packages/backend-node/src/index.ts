export type { BackendOptions } from "@textdiffusion/tfjs-backends/options";
export { backendNodePlugin } from "./backend-node-plugin.js";
export { type CreateBackendOptions, createBackend, startBackend } from "./create-backend.js";
export { type BackendFinding, type DoctorReport, doctor } from "./doctor.js";
export { computingPackages } from "./installed-versions.js";
export { type WeightType, weightTypes } from "./weight-types.js";
