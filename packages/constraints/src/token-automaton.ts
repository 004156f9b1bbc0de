import type { ByteAutomaton } from "./byte-automaton.js";

/** A step by one token. */
export interface TokenMove {
  readonly to: number;
  /** Ids that lead there, ascending. */
  readonly tokens: Int32Array;
}

/** An automaton over tokens. State 0 is the first. */
export interface TokenAutomaton {
  readonly stateCount: number;
  isFinal(state: number): boolean;
  /** Every step from a state that leads to a text that can be finished. Made when first asked for, then kept. */
  movesFrom(state: number): readonly TokenMove[];
  /** The state after a token, or -1. */
  after(state: number, token: number): number;
}

/**
 * The texts of a byte automaton, spelt in tokens. A token may end within a character, as those of byte-level tokenizers
 * do.
 *
 * @param bytesOf - the bytes that a token adds to the text, undefined for one that adds nothing known
 * @param drawable - ids that may be written, ascending; others may stand in the text all the same
 */
export function tokenAutomaton(
  automaton: ByteAutomaton,
  bytesOf: (token: number) => Uint8Array | undefined,
  drawable: readonly number[],
): TokenAutomaton {
  const { next, final } = automaton;
  const trie = trieOf(bytesOf, drawable);
  const moves: (readonly TokenMove[] | undefined)[] = [];
  return {
    stateCount: automaton.stateCount,
    isFinal: (state) => final[state] === 1,
    movesFrom: (state) => {
      moves[state] ??= collect(state);
      return moves[state];
    },
    after: (state, token) => {
      const bytes = bytesOf(token);
      if (bytes === undefined) return -1;
      let at = state;
      for (let index = 0; index < bytes.length && at >= 0; index++) at = next[at * 256 + bytes[index]];
      return at;
    },
  };

  function collect(start: number): TokenMove[] {
    const byTarget = new Map<number, number[]>();
    const visit = (node: TrieNode, state: number) => {
      for (const token of node.tokens) {
        const tokens = byTarget.get(state);
        if (tokens) tokens.push(token);
        else byTarget.set(state, [token]);
      }
      for (const [byte, child] of node.children) {
        const after = next[state * 256 + byte];
        if (after >= 0) visit(child, after);
      }
    };
    visit(trie, start);
    return [...byTarget].map(([to, tokens]) => ({ to, tokens: Int32Array.from(tokens).sort() }));
  }
}

// --- internal ---

interface TrieNode {
  readonly children: Map<number, TrieNode>;
  readonly tokens: number[];
}

/** Tokens by their bytes: what no text begins with is left out all at once. */
function trieOf(bytesOf: (token: number) => Uint8Array | undefined, drawable: readonly number[]): TrieNode {
  const root: TrieNode = { children: new Map(), tokens: [] };
  for (const token of drawable) {
    const bytes = bytesOf(token);
    if (bytes === undefined) continue;
    let node = root;
    for (const byte of bytes) {
      let child = node.children.get(byte);
      if (child === undefined) {
        child = { children: new Map(), tokens: [] };
        node.children.set(byte, child);
      }
      node = child;
    }
    node.tokens.push(token);
  }
  return root;
}
