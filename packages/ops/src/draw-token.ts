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
  const seenAll = unseenMax === Number.NEGATIVE_INFINITY;
  const sorted = (seenAll ? upperPart(rule, known, rowMax, rowMass) : known).slice().sort(); // ascending
  let first = sorted.findIndex((logit) => logit > Number.NEGATIVE_INFINITY);
  let mass = rowMass;
  if (rule.topK !== undefined) {
    const place = sorted.length - rule.topK;
    if (!seenAll && (place < 0 || sorted[place] <= unseenMax)) return undefined;
    if (place > first) first = sorted.indexOf(sorted[place]); // the first of the ties
  }
  if (rule.topK !== undefined || seenAll) {
    const kept = rule.topK === undefined ? known : sorted.subarray(first);
    mass = 0; // in doubles; what the device added up is too coarse for a cut among equals
    for (let index = 0; index < kept.length; index++) mass += power(kept[index]);
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

// --- internal ---

/**
 * The logits of a row among which the cut lies. They are counted in bins, and only those down to the bin with which
 * there are enough, or enough mass whatever their places in their bins, are sorted: sorting a large vocabulary for every
 * row would take longer than the network does.
 */
function upperPart(
  { temperature, topK, topP = 1 }: TokenRule,
  known: Float32Array,
  rowMax: number,
  rowMass: number,
): Float32Array {
  const scale = binsPerNat / temperature;
  const counts = new Int32Array(bins);
  for (let index = 0; index < known.length; index++) {
    counts[Math.min(bins - 1, Math.floor((rowMax - known[index]) * scale))]++;
  }
  const enough = topP * rowMass * (1 + 1e-6); // sums in another order differ in their last digits
  let [last, count, reached] = [-1, 0, 0];
  do {
    last++;
    count += counts[last];
    reached += counts[last] * Math.exp(-(last + 1) / binsPerNat);
  } while (last < bins - 1 && (topK === undefined ? reached < enough : count < topK));
  if (last === bins - 1) return known;
  const upper = new Float32Array(count);
  let place = 0;
  for (let index = 0; index < known.length; index++) {
    if (Math.floor((rowMax - known[index]) * scale) <= last) upper[place++] = known[index];
  }
  return upper;
}

/** Bins over 32 nats below the largest logit; what is less likely shares the last. */
const bins = 1024;
const binsPerNat = bins / 32;
