import type { DataPosition, NamedArray } from "@textdiffusion/core";
import type { BestValidation } from "../trainer/best-validation.js";
import type { RecentSteps } from "../trainer/spikes.js";
import type { KeptStep } from "./kept-step.js";
import type { RunConfig } from "./run-config.js";

/** Everything that a run needs to go on as if it had never stopped. */
export interface TrainingCheckpoint {
  /** Optimizer steps done. With the seed of the config this is the whole random state. */
  readonly step: number;
  /** Place in the row source: rows read so far. */
  readonly position: number;
  /** `RowSource.stateAt` of that position, of rows that have one. */
  readonly rows?: DataPosition;
  readonly config: RunConfig;
  /** `Learner.state()`. */
  readonly learner: Readonly<Record<string, NamedArray>>;
  /** None before the first validation, and in checkpoints of old. */
  readonly best?: BestValidation;
  /** What spikes are told by. None where nobody looks for them, and in checkpoints of old. */
  readonly recent?: RecentSteps;
}

export interface SavedCheckpoint {
  /** The folder of this checkpoint. */
  readonly folder: string;
  /** Bytes of all its files. */
  readonly sizeBytes: number;
}

/** Where the trainer keeps checkpoints. `openCheckpointFolder` keeps them in a folder. */
export interface CheckpointStore {
  /** Saves all or nothing, then lets go of all but the newest `keep`. */
  save(checkpoint: TrainingCheckpoint, keep: number): Promise<SavedCheckpoint>;
  /** The newest one, checked, or undefined when there is none. */
  latest(): Promise<TrainingCheckpoint | undefined>;
  /** Saves the model alone, all or nothing, in the place of the best one before. @returns its folder */
  saveBest(step: number): Promise<string>;
  /** Which step's model `saveBest` keeps, if any. */
  bestStep(): Promise<number | undefined>;
  /**
   * Keeps what a step was taken with that ended in NaN, or whose loss or gradient was a spike.
   *
   * @returns the file; undefined where enough spikes were kept before
   */
  keepStep(kind: "failed" | "spike", step: KeptStep): Promise<string | undefined>;
}
