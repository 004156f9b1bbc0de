import type { TextAutomaton } from "./regex-automaton.js";

/** A deterministic automaton over bytes. State 0 is the first. */
export interface ByteAutomaton {
  readonly stateCount: number;
  /** The next state, or -1 where no text goes on; index `state * 256 + byte`. */
  readonly next: Int32Array;
  /** 1 where the text may end; shape [states]. */
  readonly final: Uint8Array;
}

/** The same language in UTF-8. A code point becomes one to four bytes, with states between them. */
export function byteAutomaton({ states }: TextAutomaton): ByteAutomaton {
  const rows: Int32Array[] = states.map(() => new Int32Array(256).fill(-1));
  const between = new Map<string, number>();
  states.forEach(({ moves }, state) => {
    addMoves(
      state,
      moves.flatMap(({ min, max, to }) => utf8Sequences(min, max).map((ranges) => ({ ranges, to }))),
    );
  });
  const next = new Int32Array(rows.length * 256);
  for (const [state, row] of rows.entries()) next.set(row, state * 256);
  const final = new Uint8Array(rows.length);
  states.forEach((state, index) => {
    final[index] = Number(state.final);
  });
  return { stateCount: rows.length, next, final };

  function addMoves(state: number, sequences: readonly Sequence[]): void {
    for (let byte = 0; byte < 256; byte++) {
      const rest = sequences
        .filter(({ ranges: [[low, high]] }) => byte >= low && byte <= high)
        .map(({ ranges, to }) => ({ ranges: ranges.slice(1), to }));
      if (rest.length > 0) rows[state][byte] = stateAfter(rest);
    }
  }

  /** The state that expects the rest of some sequences; equal rests share one. */
  function stateAfter(rest: readonly Sequence[]): number {
    if (rest[0].ranges.length === 0) return rest[0].to; // the text automaton is deterministic: there is one
    const key = JSON.stringify(rest);
    const known = between.get(key);
    if (known !== undefined) return known;
    const state = rows.push(new Int32Array(256).fill(-1)) - 1;
    between.set(key, state);
    addMoves(state, rest);
    return state;
  }
}

// --- internal ---

/** A range of code points of one length in UTF-8, as a range for each of its bytes. */
type Ranges = readonly (readonly [low: number, high: number])[];

interface Sequence {
  readonly ranges: Ranges;
  readonly to: number;
}

/** The first code point of each length, and one past the last. */
const borders = [0, 0x80, 0x800, 0x10000, 0x110000];

function utf8Sequences(min: number, max: number): Ranges[] {
  const sequences: Ranges[] = [];
  for (let length = 1; length <= 4; length++) {
    const from = Math.max(min, borders[length - 1]);
    const to = Math.min(max, borders[length] - 1);
    if (from > to) continue;
    // Surrogates have no UTF-8.
    if (from < 0xd800 && to > 0xdfff) {
      split(from, 0xd7ff, length);
      split(0xe000, to, length);
    } else if (from >= 0xd800 && from <= 0xdfff) split(0xe000, to, length);
    else split(from, to >= 0xd800 && to <= 0xdfff ? 0xd7ff : to, length);
  }
  return sequences;

  /** Parts in which all but the leading equal bytes run over their whole range. */
  function split(from: number, to: number, length: number): void {
    if (from > to) return;
    for (let low = 1; low < length; low++) {
      const tail = (1 << (6 * low)) - 1; // what the last `low` bytes say
      if ((from & ~tail) === (to & ~tail)) break;
      if ((from & tail) !== 0) {
        split(from, from | tail, length);
        split((from | tail) + 1, to, length);
        return;
      }
      if ((to & tail) !== tail) {
        split(from, (to & ~tail) - 1, length);
        split(to & ~tail, to, length);
        return;
      }
    }
    const [first, last] = [utf8(from, length), utf8(to, length)];
    sequences.push(first.map((low, index) => [low, last[index]] as const));
  }
}

function utf8(codePoint: number, length: number): number[] {
  if (length === 1) return [codePoint];
  const bytes: number[] = [];
  let rest = codePoint;
  for (let index = 1; index < length; index++) {
    bytes.unshift(0x80 | (rest & 0x3f));
    rest >>>= 6;
  }
  return [[0xc0, 0xe0, 0xf0][length - 2] | rest, ...bytes];
}
