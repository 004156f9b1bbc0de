import type { TokenDistributions, TokenDraws, TokenRule, WeightedEntries } from "../contracts/denoiser.js";
import { DiffusionError } from "../errors/diffusion-error.js";

/**
 * `TokenDistributions` in doubles on the host: the contract's sentences, one after the other. This is the reference
 * that device implementations are compared with, and all that a denoiser without a device needs.
 *
 * @param rows - one row of normalised log-probabilities for each requested position; each of shape [vocab], minus
 *   infinity for tokens that are impossible
 */
export function hostDistributions(rows: readonly Float64Array[]): TokenDistributions {
  return {
    count: rows.length,
    draw: async (rule, uniforms, suppressed = []) => {
      const draws: TokenDraws = {
        tokens: new Int32Array(rows.length),
        logProbs: new Float32Array(rows.length),
        entropy: new Float32Array(rows.length),
        margin: new Float32Array(rows.length),
      };
      rows.forEach((row, index) => {
        const logits = row.slice();
        for (const id of suppressed) logits[id] = Number.NEGATIVE_INFINITY;
        if (logits.every((logit) => logit === Number.NEGATIVE_INFINITY)) throw nothingLeft(index);
        const token = drawToken(logits, rule, uniforms[index]);
        const scores = softmax(logits, rule.scoreTemperature ?? 1);
        draws.tokens[index] = token;
        draws.logProbs[index] = Math.log(scores[token]);
        draws.entropy[index] = entropy(scores);
        draws.margin[index] = margin(scores);
      });
      return draws;
    },
    logProbsOf: async (tokens) => Float32Array.from(rows, (row, index) => row[tokens[index]]),
    logProbs: async () => Float32Array.from(rows.flatMap((row) => [...row])),
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

/** One token by the order that `TokenRule` states. */
function drawToken(logits: Float64Array, rule: TokenRule, uniform: number): number {
  const ranked = [...logits.keys()].sort((a, b) => logits[b] - logits[a] || a - b); // likeliest first, then lowest id
  if (rule.temperature === 0) return ranked[0];
  const border = logits[ranked[Math.min(rule.topK ?? ranked.length, ranked.length) - 1]];
  const topK = logits.map((logit) => (logit >= border ? logit : Number.NEGATIVE_INFINITY));
  const probabilities = softmax(topK, rule.temperature);
  const kept = new Set<number>();
  let keptMass = 0;
  // Of a share of 1 nothing is left out, whatever rounding makes of the sum.
  const share = rule.topP === undefined || rule.topP === 1 ? Number.POSITIVE_INFINITY : rule.topP;
  for (const id of ranked) {
    kept.add(id);
    keptMass += probabilities[id];
    if (keptMass >= share) break;
  }
  let cumulative = 0;
  let last = ranked[0];
  for (const [id, probability] of probabilities.entries()) {
    if (!kept.has(id) || probability === 0) continue;
    cumulative += probability;
    last = id;
    if (cumulative > uniform * keptMass) break;
  }
  return last;
}

/** `softmax(logits / temperature)`. */
function softmax(logits: Float64Array, temperature: number): Float64Array {
  const largest = logits.reduce((a, b) => Math.max(a, b));
  const powers = logits.map((logit) => Math.exp((logit - largest) / temperature));
  const mass = powers.reduce((a, b) => a + b);
  return powers.map((power) => power / mass);
}

/** `-sum p ln p`, in nats. */
function entropy(probabilities: Float64Array): number {
  return probabilities.reduce((sum, p) => (p === 0 ? sum : sum - p * Math.log(p)), 0);
}

/** The largest probability minus the second largest. */
function margin(probabilities: Float64Array): number {
  const [first, second = 0] = probabilities.slice().sort().reverse();
  return first - second;
}

function nothingLeft(index: number): DiffusionError {
  return new DiffusionError({
    code: "TOKEN_OUT_OF_RANGE",
    component: "core/host-distributions",
    problem: `expected a token of positive probability that is not suppressed, got none at requested position ${index}`,
    remedy: "Suppress fewer ids",
  });
}
