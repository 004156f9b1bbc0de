import { DiffusionError, type Random } from "@textdiffusion/core";
import type { EpochRows } from "./epoch-rows.js";
import { packedRows } from "./pack-rows.js";
import type { TokenSequence } from "./token-sequence.js";

/**
 * A stream of tokens, cut into rows that do not overlap, in each epoch from another first token on. A text that is read
 * many times shows the model every token at every position of a row, beside other neighbours, in place of the same rows
 * again; less than two rows of it, at both ends, are left out of an epoch.
 *
 * @param ids - shape [tokens]; rows are views of it
 * @param random - its own stream; epoch e begins at a token below `rowLength`, drawn from `random.split("shift", e)`
 * @throws DiffusionError `DATA_INVALID` for a stream that has no whole row from each of those tokens on,
 *   `CONFIG_INVALID` for a row length below 1
 */
export function shiftedRows(
  ids: TokenSequence,
  rowLength: number,
  random: Random,
  name = "the text",
): EpochRows {
  packedRows(ids, rowLength, name); // knows what is wrong with the length
  const rowCount = Math.floor((ids.length - rowLength + 1) / rowLength);
  if (rowCount === 0) {
    throw new DiffusionError({
      code: "DATA_INVALID",
      component: "data/shifted-rows",
      problem: `expected at least ${2 * rowLength - 1} tokens in ${name} for rows that shift, got ${ids.length}`,
      remedy: "Use more text, shorter rows, or rows that do not shift",
    });
  }
  let last: { epoch: number; shift: number } | undefined;
  const shiftOf = (epoch: number): number => {
    if (last?.epoch !== epoch) last = { epoch, shift: random.split("shift", epoch).integer(rowLength, 0) };
    return last.shift;
  };
  return {
    rowCount,
    rowAt: (index, epoch) => {
      const start = shiftOf(epoch) + index * rowLength;
      return { ids: ids.subarray(start, start + rowLength) };
    },
  };
}
