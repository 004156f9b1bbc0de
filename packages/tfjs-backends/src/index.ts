export { AutoBackend } from "./auto-backend.js";
export type { BackendEntry, BackendPlatform } from "./backend-entry.js";
export { createBackendOn } from "./create-backend.js";
export { examineBackends } from "./examine-backends.js";
export { failReads, guardKernels, outOfMemory } from "./failures.js";
export { replaceKernel } from "./fixes/replace-kernel.js";
export { repairUnsortedSegmentSum } from "./fixes/unsorted-segment-sum.js";
export { repairAllocation } from "./fixes/wasm-allocation.js";
export { repairMatMul } from "./fixes/wasm-mat-mul.js";
export { repairOneHot } from "./fixes/wasm-one-hot.js";
export {
  type AdapterInfo,
  findAdapter,
  type GraphicsAdapter,
  type GraphicsProcessors,
  imitated,
  isImitated,
  nameOfAdapter,
  watchDevice,
} from "./graphics-adapter.js";
export type { BackendOptions, ExaminedBackend, PassedBy } from "./options.js";
export { TfjsBackend } from "./tfjs-backend.js";
