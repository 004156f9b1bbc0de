import type { TokenRow } from "@textdiffusion/core";

/** Rows that may be others in each epoch, always as many. */
export interface EpochRows {
  readonly rowCount: number;
  /** @param index - below `rowCount` @param epoch - from 0 */
  rowAt(index: number, epoch: number): TokenRow;
}

/** Rows of a list, which are the same in each epoch, in the same form. */
export function epochRows(rows: readonly TokenRow[] | EpochRows): EpochRows {
  return "rowAt" in rows ? rows : { rowCount: rows.length, rowAt: (index) => rows[index] };
}
