import { DiffusionError, type TokenRow } from "@textdiffusion/core";
import type { EpochRows } from "./epoch-rows.js";
import type { TokenSequence } from "./token-sequence.js";

/**
 * Cuts a stream of tokens into rows of one length that do not overlap. The rest that fills no row is dropped.
 *
 * @param ids - shape [tokens]; the rows are views of it, nothing is copied
 * @param name - what the stream is, for messages
 * @throws DiffusionError `DATA_INVALID` for a stream shorter than one row, `CONFIG_INVALID` for a row length below 1
 */
export function packRows(ids: Int32Array, rowLength: number, name = "the text"): TokenRow[] {
  const { rowCount, rowAt } = packedRows(ids, rowLength, name);
  return Array.from({ length: rowCount }, (_, row) => rowAt(row, 0));
}

/** The same, each row when it is asked for. @throws DiffusionError as `packRows` */
export function packedRows(ids: TokenSequence, rowLength: number, name = "the text"): EpochRows {
  if (!(Number.isSafeInteger(rowLength) && rowLength >= 1)) {
    throw new DiffusionError({
      code: "CONFIG_INVALID",
      component: "data/pack",
      problem: `expected a row length of at least 1 token, got ${rowLength}`,
      remedy: "Use a positive whole number",
    });
  }
  const rowCount = Math.floor(ids.length / rowLength);
  if (rowCount === 0) {
    throw new DiffusionError({
      code: "DATA_INVALID",
      component: "data/pack",
      problem: `expected at least ${rowLength} tokens in ${name}, got ${ids.length}`,
      remedy: "Use more text, or shorter rows",
      details: { needed: rowLength, tokens: ids.length },
    });
  }
  return {
    rowCount,
    rowAt: (row) => ({ ids: ids.subarray(row * rowLength, (row + 1) * rowLength) }),
  };
}

/**
 * Splits a stream at a token: the last `share` of it is for validation, whatever follows is no part of training.
 *
 * @param share - in [0, 1); default 0.1
 * @throws DiffusionError `CONFIG_INVALID` for any other share
 */
export function splitTail(ids: Int32Array, share = 0.1): { train: Int32Array; validation: Int32Array } {
  if (!(share >= 0 && share < 1)) {
    throw new DiffusionError({
      code: "CONFIG_INVALID",
      component: "data/pack",
      problem: `expected a validation share of at least 0 and below 1, got ${share}`,
      remedy: "Use 0.1 to hold back the last tenth",
    });
  }
  const cut = ids.length - Math.floor(ids.length * share);
  return { train: ids.subarray(0, cut), validation: ids.subarray(cut) };
}
