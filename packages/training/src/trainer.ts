/*
 * The trainer, which knows no tensors: an entry of its own, so that whoever drives it with another learner needs none of the
 * types of TensorFlow.js, which do not compile where libraries are checked.
 */

export type {
  BestModelSaved,
  CheckpointSaved,
  SpikeFound,
  TrainingEvent,
  TrainingFinished,
  TrainingStarted,
  TrainingStepFinished,
  ValidationFinished,
} from "@textdiffusion/core";
export type { SamplesOptions } from "./callbacks/samples.js";
export type { TimeLimitOptions } from "./callbacks/time-limit.js";
export {
  bestModel,
  type CheckpointFolderOptions,
  latestCheckpoint,
  openCheckpointFolder,
} from "./checkpoints/checkpoint-folder.js";
export type { CheckpointStore, SavedCheckpoint, TrainingCheckpoint } from "./checkpoints/checkpoint-store.js";
export type { RunConfig } from "./checkpoints/run-config.js";
export { type LearnerOptions, learnerOptionsSchema } from "./learner/learner-options.js";
export { createMetricsFile, type MetricsFile } from "./metrics/metrics-file.js";
export { type LearningRateDecay, type LearningRatePlan, learningRateAt } from "./trainer/learning-rate.js";
export { progressLine } from "./trainer/progress-line.js";
export type { RowSource } from "./trainer/row-source.js";
export { type RecentSteps, type Spike, type SpikeOptions, spikeActions } from "./trainer/spikes.js";
export { type TrainingRun, train } from "./trainer/train.js";
export {
  decodeTrainingOptions,
  type TrainingOptions,
  type TrainingOptionsInput,
  trainingOptionsSchema,
} from "./trainer/training-options.js";
export { evaluate } from "./trainer/validation.js";
export { trainingPlugin } from "./training-plugin.js";
export { trainingVersion } from "./training-version.js";
