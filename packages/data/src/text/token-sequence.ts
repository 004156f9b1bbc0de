/** Token ids in a row: an `Int32Array`, or what reads them from elsewhere. */
export interface TokenSequence {
  /** Tokens. */
  readonly length: number;
  /** The ids from `begin` on and before `end`; shape [end - begin]. */
  subarray(begin: number, end: number): Int32Array;
}

/** The part of a sequence from `begin` on and before `end`, of which nothing is read yet. */
export function partOf(ids: TokenSequence, begin: number, end: number): TokenSequence {
  return {
    length: end - begin,
    subarray: (from, to) => ids.subarray(begin + from, begin + to),
  };
}
