import { permits, type TokenRestriction } from "@textdiffusion/core";
import type { TokenAutomaton } from "./token-automaton.js";

/** A stretch of a row whose text an automaton must accept. */
export interface Stretch {
  /** Positions in the row, ascending. */
  readonly positions: Int32Array;
  /** Whether a fill of the masks is accepted. */
  completable(ids: Int32Array): boolean;
  /**
   * The tokens that each of some positions may take, whatever stands there now, so that a fill of the masks is accepted:
   * exactly those, by what can be reached from the left and what reaches the end.
   *
   * @param wanted - positions of the stretch
   */
  candidates(ids: Int32Array, wanted: readonly number[]): Map<number, TokenRestriction>;
}

export interface StretchOptions {
  readonly automaton: TokenAutomaton;
  readonly positions: Int32Array;
  readonly maskTokenId: number;
  /** What a position may take besides. */
  restrictionAt(position: number): TokenRestriction | undefined;
}

export function stretchOf({ automaton, positions, maskTokenId, restrictionAt }: StretchOptions): Stretch {
  const { length } = positions;
  const known = new Map<string, TokenRestriction>();
  const backward: { key: string; reach: Uint8Array[] } = { key: "", reach: [] };

  /** States before each place; one more after the last. */
  function forwardFrom(ids: Int32Array, first: Uint8Array): Uint8Array[] {
    const reach = [first];
    for (let place = 0; place < length; place++)
      reach.push(advance(reach[place], ids[positions[place]], positions[place]));
    return reach;
  }

  function advance(states: Uint8Array, token: number, position: number): Uint8Array {
    const after = new Uint8Array(automaton.stateCount);
    const restriction = restrictionAt(position);
    states.forEach((reached, state) => {
      if (reached === 0) return;
      if (token !== maskTokenId) {
        const to = automaton.after(state, token);
        if (to >= 0) after[to] = 1;
        return;
      }
      for (const { to, tokens } of automaton.movesFrom(state)) {
        if (after[to] === 0 && mayTake(tokens, restriction)) after[to] = 1;
      }
    });
    return after;
  }

  /** States from which the rest can be finished, before each place and after the last. */
  function backwardOf(ids: Int32Array): Uint8Array[] {
    const key = positions.reduce((text, position) => `${text},${ids[position]}`, "");
    if (backward.key === key) return backward.reach;
    const last = new Uint8Array(automaton.stateCount).map((_, state) => Number(automaton.isFinal(state)));
    const reach: Uint8Array[] = [last];
    for (let place = length - 1; place >= 0; place--)
      reach.unshift(retreat(reach[0], ids[positions[place]], positions[place]));
    backward.key = key;
    backward.reach = reach;
    return reach;
  }

  function retreat(states: Uint8Array, token: number, position: number): Uint8Array {
    const restriction = restrictionAt(position);
    return states.map((_, state) => {
      if (token !== maskTokenId) {
        const to = automaton.after(state, token);
        return Number(to >= 0 && states[to] === 1);
      }
      const moves = automaton.movesFrom(state);
      return Number(moves.some(({ to, tokens }) => states[to] === 1 && mayTake(tokens, restriction)));
    });
  }

  return {
    positions,
    completable: (ids) => {
      let states = startOf(automaton);
      for (const position of positions) states = advance(states, ids[position], position);
      return states.some((reached, state) => reached === 1 && automaton.isFinal(state));
    },
    candidates: (ids, wanted) => {
      const before = forwardFrom(ids, startOf(automaton));
      const after = backwardOf(ids);
      return new Map(
        wanted.map((position) => {
          const place = positions.indexOf(position);
          return [position, tokensBetween(before[place], after[place + 1], restrictionAt(position))];
        }),
      );
    },
  };

  /** One object for all places between the same states, so that a device gets it once. */
  function tokensBetween(
    before: Uint8Array,
    after: Uint8Array,
    restriction: TokenRestriction | undefined,
  ): TokenRestriction {
    const key = `${before.join("")} ${after.join("")}`;
    let found = known.get(key);
    if (found === undefined) {
      const allowed = new Set<number>();
      before.forEach((reached, state) => {
        if (reached === 0) return;
        for (const { to, tokens } of automaton.movesFrom(state)) {
          if (after[to] === 1) for (const token of tokens) allowed.add(token);
        }
      });
      found = { allowed: Int32Array.from(allowed).sort() };
      known.set(key, found);
    }
    if (restriction === undefined) return found;
    return { allowed: Int32Array.from(found.allowed ?? []).filter((token) => permits(restriction, token)) };
  }
}

// --- internal ---

function startOf(automaton: TokenAutomaton): Uint8Array {
  const states = new Uint8Array(automaton.stateCount);
  states[0] = 1;
  return states;
}

function mayTake(tokens: Int32Array, restriction: TokenRestriction | undefined): boolean {
  return restriction === undefined || tokens.some((token) => permits(restriction, token));
}
