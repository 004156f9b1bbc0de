import type { DataPosition, TokenRow } from "@textdiffusion/core";

/**
 * Training rows in an endless order, epoch after epoch. A place in it is one integer, so that a checkpoint can hold it.
 */
export interface RowSource {
  /** Rows of one epoch, at least one; none of a stream, of which nobody knows where it ends. */
  readonly rowCount?: number;
  /**
   * Rows `position`, `position + 1`, ... of the order. A pure function: asked again, also by another process, it
   * gives the same rows.
   */
  rowsAt(position: number, count: number): readonly TokenRow[] | Promise<readonly TokenRow[]>;
  /** Of a stream: what a checkpoint keeps besides the position, so that another process need not read from the beginning. */
  stateAt?(position: number): DataPosition;
  /**
   * Before the first rows: goes on from a state that the same rows gave.
   *
   * @throws DiffusionError `CHECKPOINT_INVALID` for what is no state of theirs
   */
  restore?(state: DataPosition): void;
}
