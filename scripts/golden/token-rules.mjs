// Which token a rule takes from a table of probabilities, in exact fractions: forbid, sharpen by the temperature, keep
// the topK largest (ties at the border stay), keep the fewest that reach topP of what is left (the one that crosses
// stays; of equals the lowest id first), renormalise, and take the first kept id, counted upwards, whose cumulative
// probability exceeds the uniform. Temperatures are 1/n, for which p^(1/T) is a fraction; 0 takes the most probable.
// Beside the tokens: the thresholds of factor decoding (Wu et al. 2025, arXiv:2505.22618), 1 - f / (r + 1), the first
// always passed. Writes to stdout:
//   node scripts/golden/token-rules.mjs > scripts/golden/token-rules.json
import { compare, double, fraction, minus, over, plus, sum, times } from "./fraction.mjs";

const [zero, one] = [fraction(0), fraction(1)];

/** Probabilities in twentieths. */
const tables = [
  [8, 6, 4, 2],
  [5, 5, 5, 5],
  [2, 8, 2, 8],
  [1, 10, 3, 6],
  [20, 0, 0, 0],
];
const rules = [
  { temperature: 1 },
  { temperature: 0 },
  { temperature: 0.5 },
  { temperature: 0.25 },
  { temperature: 1, topK: 1 },
  { temperature: 1, topK: 2 },
  { temperature: 1, topK: 3 },
  { temperature: 1, topP: 0.45 },
  { temperature: 1, topP: 0.55 },
  { temperature: 1, topP: 0.9 },
  { temperature: 1, topP: 1 },
  { temperature: 0.5, topK: 3, topP: 0.77 },
  { temperature: 1, suppressed: [0] },
  { temperature: 1, topP: 0.55, suppressed: [1] },
];
/** Never on a border of a cumulative probability: those are multiples of small fractions. */
const uniforms = [
  "0.0009765625",
  "0.19921875",
  "0.33203125",
  "0.46484375",
  "0.59765625",
  "0.73046875",
  "0.8642578125",
  "0.9990234375",
];

const golden = tables.flatMap((twentieths) =>
  rules.flatMap((rule) => {
    const kept = keptBy(twentieths, rule);
    if (kept === undefined) return [];
    return {
      probabilities: twentieths.map((count) => count / 20),
      ...rule,
      kept: kept.map(double),
      draws: uniforms.map((uniform) => ({ uniform: Number(uniform), token: drawn(kept, fraction(uniform)) })),
    };
  }),
);
const factorThresholds = ["0.5", "1", "2"].map((factor) => ({
  factor: Number(factor),
  thresholds: Array.from({ length: 8 }, (_, index) =>
    double(minus(one, over(fraction(factor), fraction(index + 2)))),
  ),
}));
process.stdout.write(
  `{\n"draws": [\n${golden.map((entry) => `  ${JSON.stringify(entry)}`).join(",\n")}\n],\n"factorThresholds": ${JSON.stringify(factorThresholds)}\n}\n`,
);

/** The distribution that the token is drawn from, or undefined where everything is forbidden. */
function keptBy(twentieths, { temperature, topK, topP, suppressed = [] }) {
  let weights = twentieths.map((count, id) => (suppressed.includes(id) ? zero : fraction(count, 20)));
  if (sum(weights).top === 0n) return undefined;
  if (temperature === 0) {
    const best = weights.reduce((found, weight, id) => (compare(weight, weights[found]) > 0 ? id : found), 0);
    return weights.map((_, id) => (id === best ? one : zero));
  }
  weights = weights.map((weight) => power(weight, Math.round(1 / temperature)));
  if (topK !== undefined) {
    const border = [...weights].sort((a, b) => compare(b, a))[topK - 1];
    weights = weights.map((weight) => (compare(weight, border) >= 0 ? weight : zero));
  }
  if (topP !== undefined) {
    const wanted = times(fraction(String(topP)), sum(weights));
    const order = weights.map((_, id) => id).sort((a, b) => compare(weights[b], weights[a]) || a - b);
    let reached = zero;
    for (const id of order) {
      if (compare(reached, wanted) >= 0) weights[id] = zero;
      else reached = plus(reached, weights[id]);
    }
  }
  const total = sum(weights);
  return weights.map((weight) => over(weight, total));
}

function drawn(kept, uniform) {
  let cumulative = zero;
  for (const [id, probability] of kept.entries()) {
    cumulative = plus(cumulative, probability);
    if (compare(cumulative, uniform) > 0) return id;
  }
  throw new Error("probabilities do not sum to 1");
}

function power(weight, exponent) {
  return Array.from({ length: exponent }, () => weight).reduce(times, one);
}
