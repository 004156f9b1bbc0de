import type { RowRandom } from "../random/random.js";
import type { TokenDraws, TokenRule } from "./denoiser.js";
import type { NoiseSchedule } from "./noise-schedule.js";

/** One row of the canvas as a sampler sees it, before a step from `t` to `s < t`. All arrays are read-only views. */
export interface SamplerRow {
  /** Current tokens; shape [seq]. */
  readonly ids: Int32Array;
  /** 1 where the sampler may write; shape [seq]. */
  readonly editable: Uint8Array;
  /** Positions that still hold `[MASK]`, ascending. */
  readonly masked: Int32Array;
  /** Positions that the sampler may write, ascending. */
  readonly editablePositions: Int32Array;
  /** Index of the step, from 0. */
  readonly step: number;
  /** Number of steps planned, or undefined when the row runs until nothing is masked. */
  readonly steps: number | undefined;
  readonly t: number;
  readonly s: number;
  readonly schedule: NoiseSchedule;
  /** Log-probability that each revealed position had when it was last revealed, NaN elsewhere; shape [seq]. */
  readonly revealLogProbs: Float64Array;
  /** This row's numbers for this step. */
  readonly random: RowRandom;
  /**
   * Tokens that end a text, each with the first position at which it would end this row: after it stand only positions
   * that may take the same token, or padding. Empty unless the request allows such a token.
   */
  readonly ends: ReadonlyMap<number, number>;
}

/** The draws of one row: `draws.tokens[k]` belongs to `positions[k]`. */
export interface RowDraws extends TokenDraws {
  /** The positions that `request` returned. */
  readonly positions: Int32Array;
}

/** What a step does to a row. A position may appear in one of the two lists only. */
export interface SamplerDecision {
  /** Indices into the draws (not positions) whose token is written. */
  readonly commit: readonly number[];
  /** Positions that go back to `[MASK]`. */
  readonly remask: readonly number[];
  /**
   * The position of a token of `row.ends` at which the text ends: all editable positions after it take that token, drawn
   * by nobody, and the row is done. Nothing before it may be masked. Default: the row goes on.
   */
  readonly end?: number;
}

/** Reverse steps on a uniform grid of times from 1 to 0, or as many as it takes until nothing is masked. */
export type SamplerSteps = number | "until-done";

/**
 * One reverse step, written for one row. The loop owns time, batching, randomness and the denoiser; a sampler says
 * which positions it wants predicted and then what to do with the predictions. It holds no state between calls.
 *
 * Laws (testkit `samplerLaws`): writes only editable positions; ends with nothing masked; with the oracle denoiser
 * gives the oracle's text; the same seed gives the same row, alone or in any batch; never asks for more forwards than
 * it has steps, or than there are masks when it never re-masks.
 */
export interface Sampler {
  readonly name: string;
  readonly tokenRule: TokenRule;
  /**
   * Number of reverse steps on a uniform grid of times from 1 to 0, or "until-done": the loop goes on until nothing is
   * masked, and the sampler must then commit at least one token in each step. A function where it depends on how many
   * positions of the row are editable; `stepsOf` reads all three.
   */
  readonly steps: SamplerSteps | ((editable: number) => SamplerSteps);
  /** True when revealed positions may go back to `[MASK]` or change, so that a row without masks is not yet done. */
  readonly revises: boolean;
  /** Positions to predict in this step, ascending. None: the step costs no forward and `decide` gets empty draws. */
  request(row: SamplerRow): Int32Array;
  decide(row: SamplerRow, draws: RowDraws): SamplerDecision;
}
