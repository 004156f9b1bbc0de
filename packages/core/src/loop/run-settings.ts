import type { Constraint } from "../contracts/constraint.js";
import type { NoiseSchedule } from "../contracts/noise-schedule.js";
import type { Sampler } from "../contracts/sampler.js";
import type { Random } from "../random/random.js";
import type { RunProgress } from "./generation-state.js";
import type { RowRestrictions } from "./row-restrictions.js";

/** What all rows of a run share. */
export interface RunSettings {
  readonly random: Random;
  readonly maskTokenId: number;
  readonly sampler: Sampler;
  readonly schedule: NoiseSchedule;
  /** Tokens that end a text where they are drawn. */
  readonly ends: readonly number[];
  /** What the positions of each row may take; shape [batch]. */
  readonly restrictions: readonly (RowRestrictions | undefined)[];
  /** What the text of each row must meet. */
  readonly constraint: Constraint | undefined;
  /** Of the denoiser. */
  readonly vocabularySize: number;
  readonly suppressed: readonly number[];
  /** Where another run had come. */
  readonly progress: RunProgress | undefined;
  /** Steps of the row that has most; undefined for a sampler that runs until done. */
  readonly planned: number | undefined;
}
