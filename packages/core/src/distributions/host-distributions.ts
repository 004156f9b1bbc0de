import type { TokenDistributions, TokenDraws, TokenRule, WeightedEntries } from "../contracts/denoiser.js";
import { DiffusionError } from "../errors/diffusion-error.js";

/**
 * `TokenDistributions` in doubles on the host: the contract's sentences, one after the other. This is the reference
 * that device implementations are compared with, and all that a denoiser without a device needs.
 *
 * @param rows - one row of normalised log-probabilities for each requested position; each of shape [vocab], minus
 *   infinity for tokens that are impossible. A row that holds NaN or positive infinity gets NaN as its scores.
 */
export function hostDistributions(rows: readonly Float64Array[]): TokenDistributions {
  return {
    count: rows.length,
    draw: async (rule, uniforms, suppressed = [], restrictions = []) => {
      const draws: TokenDraws = {
        tokens: new Int32Array(rows.length),
        logProbs: new Float32Array(rows.length),
        entropy: new Float32Array(rows.length),
        margin: new Float32Array(rows.length),
      };
      rows.forEach((row, index) => {
        const logits = suppressed.length === 0 && restrictions[index] === undefined ? row : row.slice();
        for (const id of suppressed) logits[id] = Number.NEGATIVE_INFINITY;
        const { allowed, banned = [] } = restrictions[index] ?? {};
        if (allowed) {
          const listed = new Set(allowed);
          for (let id = 0; id < logits.length; id++)
            if (!listed.has(id)) logits[id] = Number.NEGATIVE_INFINITY;
        }
        for (const id of banned) logits[id] = Number.NEGATIVE_INFINITY;
        const largest = largestOf(logits);
        if (largest === Number.NEGATIVE_INFINITY) throw nothingLeft(index);
        if (!Number.isFinite(largest)) {
          // No distribution: a token that may be drawn, and scores that say so.
          draws.tokens[index] = logits.findIndex((logit) => logit !== Number.NEGATIVE_INFINITY);
          draws.logProbs[index] = draws.entropy[index] = draws.margin[index] = Number.NaN;
          return;
        }
        const token = drawToken(logits, largest, rule, uniforms[index]);
        const scores = scoresOf(logits, largest, rule.scoreTemperature ?? 1, token);
        draws.tokens[index] = token;
        draws.logProbs[index] = scores.logProb;
        draws.entropy[index] = scores.entropy;
        draws.margin[index] = scores.margin;
      });
      return draws;
    },
    logProbsOf: async (tokens) => Float32Array.from(rows, (row, index) => row[tokens[index]]),
    logProbs: async () => {
      const vocabulary = rows[0]?.length ?? 0;
      const table = new Float32Array(rows.length * vocabulary);
      rows.forEach((row, index) => {
        table.set(row, index * vocabulary);
      });
      return table;
    },
    combine: (parts) =>
      hostDistributions(Array.from(parts[0].entries, (_, index) => combineRows(rows, parts, index))),
    dispose: () => undefined, // doubles on the host: the garbage collector's
  };
}

// --- internal ---

/** The weighted sum of the logits that stand at `index` of each part, normalised. */
function combineRows(
  rows: readonly Float64Array[],
  parts: readonly WeightedEntries[],
  index: number,
): Float64Array {
  if (parts.length === 1) return rows[parts[0].entries[index]]; // weight 1
  const logits = rows[parts[0].entries[index]].map((_, id) => {
    let logit = 0;
    for (const { weight, entries } of parts) {
      const part = rows[entries[index]][id];
      if (part === Number.NEGATIVE_INFINITY) return part; // and no weight, negative ones least of all, changes that
      logit += weight * part;
    }
    return logit;
  });
  return logits.every((logit) => logit === Number.NEGATIVE_INFINITY)
    ? logits
    : softmax(logits, 1).map(Math.log);
}

/** The mass of a logit, not normalised. */
type Power = (logit: number) => number;

/** One token by the order that `TokenRule` states. */
function drawToken(
  logits: Float64Array,
  largest: number,
  { temperature, topK = logits.length, topP = 1 }: TokenRule,
  uniform: number,
): number {
  if (temperature === 0) return logits.indexOf(largest);
  const power: Power = (logit) => Math.exp((logit - largest) / temperature);
  const border =
    topK < logits.length ? logits.slice().sort()[logits.length - topK] : Number.NEGATIVE_INFINITY;
  const masses = new Float64Array(logits.length);
  for (let id = 0; id < masses.length; id++) if (logits[id] >= border) masses[id] = power(logits[id]);
  if (topP < 1) keepNucleus(masses, logits, topP, power);
  const mass = sumOf(masses);
  let cumulative = 0;
  let last = 0;
  for (let id = 0; id < masses.length; id++) {
    if (masses[id] === 0) continue;
    cumulative += masses[id];
    last = id;
    if (cumulative > uniform * mass) break;
  }
  return last;
}

/**
 * Takes the mass of every token outside the nucleus. All tokens with less than `(1 - topP) / vocab` of the mass have less
 * than `1 - topP` together, so the nucleus is among the others, and only those are sorted.
 */
function keepNucleus(masses: Float64Array, logits: Float64Array, topP: number, power: Power): void {
  const mass = sumOf(masses);
  const least = ((1 - topP) / masses.length) * mass;
  const ranked = logits.filter((_, id) => masses[id] >= least).sort(); // ascending
  let place = ranked.length;
  for (let reached = 0; place > 0 && reached < topP * mass; ) reached += power(ranked[--place]);
  const border = ranked[place];
  let ties = ranked.lastIndexOf(border) - place + 1; // of equals the lowest ids stay
  for (let id = 0; id < logits.length; id++) {
    if (!(logits[id] > border || (logits[id] === border && ties-- > 0))) masses[id] = 0;
  }
}

/** Of the distribution `softmax(logits / temperature)`, in one pass. */
function scoresOf(
  logits: Float64Array,
  largest: number,
  temperature: number,
  token: number,
): { readonly logProb: number; readonly entropy: number; readonly margin: number } {
  const shifted = (id: number) => (logits[id] - largest) / temperature; // at most 0
  const first = logits.indexOf(largest);
  let [mass, moment, second] = [0, 0, Number.NEGATIVE_INFINITY];
  for (let id = 0; id < logits.length; id++) {
    const z = shifted(id);
    const power = Math.exp(z);
    mass += power;
    if (power > 0) moment += power * z;
    if (id !== first && z > second) second = z;
  }
  return {
    logProb: shifted(token) - Math.log(mass),
    entropy: Math.log(mass) - moment / mass, // -sum p ln p
    margin: (1 - Math.exp(second)) / mass,
  };
}

/** `softmax(logits / temperature)`. */
function softmax(logits: Float64Array, temperature: number): Float64Array {
  const largest = largestOf(logits);
  const powers = logits.map((logit) => Math.exp((logit - largest) / temperature));
  const mass = sumOf(powers);
  return powers.map((power) => power / mass);
}

// Loops in place of `reduce`: a call for each token of a vocabulary is what most of the time would go to.

/** NaN where any is. */
function largestOf(logits: Float64Array): number {
  let largest = Number.NEGATIVE_INFINITY;
  for (const logit of logits) {
    if (Number.isNaN(logit)) return logit;
    if (logit > largest) largest = logit;
  }
  return largest;
}

function sumOf(values: Float64Array): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum;
}

function nothingLeft(index: number): DiffusionError {
  return new DiffusionError({
    code: "TOKEN_OUT_OF_RANGE",
    component: "core/host-distributions",
    problem: `expected a token of positive probability that is neither suppressed nor restricted, got none at requested position ${index}`,
    remedy: "Suppress fewer ids",
  });
}
