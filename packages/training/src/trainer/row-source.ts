import type { TokenRow } from "@textdiffusion/core";

/**
 * Training rows in an endless order, epoch after epoch. A place in it is one integer, so that a checkpoint can hold it.
 */
export interface RowSource {
  /** Rows of one epoch; at least one. */
  readonly rowCount: number;
  /**
   * Rows `position`, `position + 1`, ... of the order. A pure function: asked again, also by another process, it
   * gives the same rows.
   */
  rowsAt(position: number, count: number): readonly TokenRow[];
}
