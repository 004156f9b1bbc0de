import type { TokenRule } from "@textdiffusion/core";

/** Keeps the logits above `border` and the first `ties` of those that equal it. */
export interface Truncation {
  readonly border: number;
  readonly ties: number;
}

/** No truncation: every token that has a probability. */
export const keepAll: Truncation = { border: Number.NEGATIVE_INFINITY, ties: 0 };

/**
 * Where top-k and then top-p cut, from some of a row's logits.
 *
 * @param known - logits of the tokens seen so far
 * @param unseenMax - the largest logit that was not seen; minus infinity when all were
 * @param rowMax - the largest logit of the row
 * @param rowMass - sum over the whole row of `exp((logit - rowMax) / temperature)`
 * @returns undefined when the answer depends on what was not seen
 */
export function truncationOf(
  rule: TokenRule,
  known: Float32Array,
  unseenMax: number,
  rowMax: number,
  rowMass: number,
): Truncation | undefined {
  const sorted = known.slice().sort(); // ascending
  const seenAll = unseenMax === Number.NEGATIVE_INFINITY;
  let first = sorted.findIndex((logit) => logit > Number.NEGATIVE_INFINITY);
  let mass = rowMass;
  if (rule.topK !== undefined) {
    const place = sorted.length - rule.topK;
    if (!seenAll && (place < 0 || sorted[place] <= unseenMax)) return undefined;
    if (place > first) first = sorted.indexOf(sorted[place]); // the first of the ties
  }
  if (rule.topK !== undefined || seenAll) {
    mass = 0;
    for (let index = first; index < sorted.length; index++) mass += power(sorted[index]);
  }
  if (rule.topP !== undefined && rule.topP < 1) {
    let reached = 0;
    for (let index = sorted.length - 1; index >= first; index--) {
      if (rule.topK === undefined && !seenAll && sorted[index] <= unseenMax) return undefined;
      reached += power(sorted[index]);
      if (reached >= rule.topP * mass) {
        return { border: sorted[index], ties: sorted.lastIndexOf(sorted[index]) - index + 1 };
      }
    }
    if (!seenAll && rule.topK === undefined) return undefined;
  }
  return { border: sorted[first], ties: Number.POSITIVE_INFINITY };

  function power(logit: number): number {
    return Math.exp((logit - rowMax) / rule.temperature);
  }
}

/**
 * The index of the first kept token whose cumulative probability exceeds `uniform`. Never one of probability zero:
 * where rounding leaves the sum below the uniform, the last token that has a probability is taken.
 */
export function drawToken(
  logits: Float32Array,
  { border, ties }: Truncation,
  temperature: number,
  rowMax: number,
  uniform: number,
): number {
  const powers = new Float64Array(logits.length);
  let mass = 0;
  let tiesLeft = ties;
  for (let index = 0; index < logits.length; index++) {
    if (logits[index] > border || (logits[index] === border && tiesLeft-- > 0)) {
      powers[index] = Math.exp((logits[index] - rowMax) / temperature);
      mass += powers[index];
    }
  }
  return firstAbove(powers, uniform * mass);
}

/** The first index of a positive mass at which the cumulative mass exceeds `target`, or else the last positive one. */
export function firstAbove(masses: ArrayLike<number>, target: number): number {
  let cumulative = 0;
  let last = 0;
  for (let index = 0; index < masses.length; index++) {
    if (!(masses[index] > 0)) continue;
    cumulative += masses[index];
    last = index;
    if (cumulative > target) break;
  }
  return last;
}
