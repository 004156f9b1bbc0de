import type { Random } from "../random/random.js";
import type { NoisedBatch } from "../values/noised-batch.js";
import type { TokenRow } from "../values/token-row.js";

/**
 * Rows of tokens to a noised batch. Owns how `t` is drawn, which positions may be masked, the prefix, padding and
 * the loss reduction.
 *
 * Laws (testkit `collatorLaws`): positions without noise keep their token; special tokens, prompts and the kept
 * prefix are never masked; noise replaces with `[MASK]` alone; the same random gives the same batch; a batch never
 * has a zero denominator unless nothing in it could be masked; the mean mask rate matches the drawn times, and at each
 * position the schedule there where noise differs between positions.
 */
export interface Collator {
  readonly name: string;
  /**
   * Shares of the training, ascending in [0, 1], at which the noise changes at once: steps before and after are not alike, and
   * the trainer does not compare them. What changes little by little needs none. Default none.
   */
  readonly changesAt?: readonly number[];
  /**
   * @param rows - at least one row; each no longer than the row length the collator was made for
   * @param random - the stream of this batch; the same stream gives the same batch
   * @param progress - share of the training that is done, in [0, 1), for noise that changes on the way. Default 1: none
   *   is left, and such noise is what it ends with
   * @returns a row for each, in their order; or each several times, copy c of row r at `c * rows.length + r`
   * @throws DiffusionError `DATA_INVALID` for no rows, an empty or a too long row
   */
  collate(rows: readonly TokenRow[], random: Random, progress?: number): NoisedBatch;
}
