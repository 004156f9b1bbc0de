/** What the trainer is where there are no files, and nobody who knows tensors. */
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
export type {
  CheckpointStore,
  SavedCheckpoint,
  TrainingCheckpoint,
} from "../checkpoints/checkpoint-store.js";
export type { RunConfig } from "../checkpoints/run-config.js";
export { type LearnerOptions, learnerOptionsSchema } from "../learner/learner-options.js";
export { type LearningRateDecay, type LearningRatePlan, learningRateAt } from "./learning-rate.js";
export { progressLine } from "./progress-line.js";
export type { RowSource } from "./row-source.js";
export { type RecentSteps, type Spike, type SpikeOptions, spikeActions } from "./spikes.js";
export { type TrainingRun, train } from "./train.js";
export {
  decodeTrainingOptions,
  type TrainingOptions,
  type TrainingOptionsInput,
  trainingOptionsSchema,
} from "./training-options.js";
export { evaluate } from "./validation.js";
