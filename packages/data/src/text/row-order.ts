import { DiffusionError, type Random, type TokenRow } from "@textdiffusion/core";
import { type EpochRows, epochRows } from "./epoch-rows.js";

/** Rows in the order of training: epoch after epoch, each in an order of its own. */
export interface RowOrder {
  readonly rowCount: number;
  /**
   * The next rows from a position, across the ends of epochs.
   *
   * @param position - how many rows were taken before: all that a checkpoint has to store
   * @throws DiffusionError `CONFIG_INVALID` for a position below 0 or a count below 1
   */
  rowsAt(position: number, count: number): TokenRow[];
  /** Which epoch a position is in, from 0. */
  epochAt(position: number): number;
}

/**
 * An order that is a function of (random, position) alone, so a resumed training sees the rows that it would have seen.
 *
 * @param random - its own stream; epoch e is shuffled by `random.split("epoch", e)`
 * @throws DiffusionError `DATA_INVALID` without rows
 */
export function createRowOrder(rows: readonly TokenRow[] | EpochRows, random: Random): RowOrder {
  const { rowCount, rowAt } = epochRows(rows);
  if (rowCount === 0) {
    throw new DiffusionError({
      code: "DATA_INVALID",
      component: "data/row-order",
      problem: "expected at least one row, got none",
      remedy: "Pack a longer text",
    });
  }
  let shuffled: { epoch: number; order: Int32Array } | undefined; // the permutation in use, made once an epoch

  const epochAt = (position: number) => Math.floor(position / rowCount);
  const orderOf = (epoch: number): Int32Array => {
    if (shuffled?.epoch !== epoch) {
      shuffled = { epoch, order: random.split("epoch", epoch).permutation(rowCount) };
    }
    return shuffled.order;
  };
  return {
    rowCount,
    epochAt,
    rowsAt: (position, count) => {
      assertRange(position, count);
      return Array.from({ length: count }, (_, offset) => {
        const taken = position + offset;
        const epoch = epochAt(taken);
        return rowAt(orderOf(epoch)[taken % rowCount], epoch);
      });
    },
  };
}

/** @throws DiffusionError `CONFIG_INVALID` for what is no position or no count of rows */
export function assertRange(position: number, count: number): void {
  assertInteger("a position of at least 0", position, 0);
  assertInteger("a count of at least 1 row", count, 1);
}

// --- internal ---

function assertInteger(expected: string, value: number, least: number): void {
  if (Number.isSafeInteger(value) && value >= least) return;
  throw new DiffusionError({
    code: "CONFIG_INVALID",
    component: "data/row-order",
    problem: `expected ${expected}, got ${value}`,
    remedy: "Use a whole number",
  });
}
