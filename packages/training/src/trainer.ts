/*
 * The trainer, which knows no tensors: an entry of its own, so that whoever drives it with another learner needs none of the
 * types of TensorFlow.js, which do not compile where libraries are checked.
 */

export type { SamplesOptions } from "./callbacks/samples.js";
export type { TimeLimitOptions } from "./callbacks/time-limit.js";
export {
  bestModel,
  type CheckpointFolderOptions,
  latestCheckpoint,
  openCheckpointFolder,
} from "./checkpoints/checkpoint-folder.js";
export { createMetricsFile, type MetricsFile } from "./metrics/metrics-file.js";
export * from "./trainer/without-files.js";
export { trainingPlugin } from "./training-plugin.js";
export { trainingVersion } from "./training-version.js";
