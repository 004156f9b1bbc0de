export type { BackendOptions, ExaminedBackend, PassedBy } from "@textdiffusion/tfjs-backends/options";
export { backendWebPlugin } from "./backend-web-plugin.js";
export { type CreateBackendOptions, createBackend, startBackend } from "./create-backend.js";
export { type DoctorReport, doctor } from "./doctor.js";
export type { WebBackendOptions } from "./web-backend-options.js";
