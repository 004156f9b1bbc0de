/**
 * Which tokens one position may take: only those that are allowed, where that is said, and none that is banned. Positions
 * that share one object share its cost on a device.
 */
export interface TokenRestriction {
  /** Ids one of which must be drawn. Default all. */
  readonly allowed?: readonly number[] | Int32Array;
  /** Ids that must not be drawn. Default none. */
  readonly banned?: readonly number[] | Int32Array;
}

/** True when the restriction lets `token` stand. */
export function permits(restriction: TokenRestriction | undefined, token: number): boolean {
  if (restriction === undefined) return true;
  let sets = setsOf.get(restriction);
  if (sets === undefined) {
    const { allowed, banned = [] } = restriction;
    sets = { allowed: allowed && new Set(allowed), banned: new Set(banned) };
    setsOf.set(restriction, sets);
  }
  return (sets.allowed?.has(token) ?? true) && !sets.banned.has(token);
}

/** What both restrictions let stand; one of the two objects where the other says nothing. */
export function bothRestrictions(
  first: TokenRestriction | undefined,
  second: TokenRestriction | undefined,
): TokenRestriction | undefined {
  if (first === undefined || second === undefined || first === second) return first ?? second;
  const banned = [...new Set([...(first.banned ?? []), ...(second.banned ?? [])])];
  const base = first.allowed ?? second.allowed;
  if (base === undefined) return { banned };
  return { allowed: Int32Array.from(base).filter((id) => permits(first, id) && permits(second, id)) };
}

// --- internal ---

interface Sets {
  readonly allowed: ReadonlySet<number> | undefined;
  readonly banned: ReadonlySet<number>;
}

const setsOf = new WeakMap<TokenRestriction, Sets>();
