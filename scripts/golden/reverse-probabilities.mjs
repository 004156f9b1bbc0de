// What one reverse step from t to s does to a single position, from the formulas in exact fractions:
//   ancestral   P(reveal) = (alpha_s - alpha_t) / (1 - alpha_t)
//   ReMDM       sigma_max = min(1, (1 - alpha_s) / alpha_t); cap: min(eta, sigma_max); rescale: eta sigma_max
//               a masked position is revealed with (alpha_s - (1 - sigma) alpha_t) / (1 - alpha_t),
//               a revealed one goes back with sigma
// (Wang et al. 2025, arXiv:2503.00307.) Writes to stdout:
//   node scripts/golden/reverse-probabilities.mjs > scripts/golden/reverse-probabilities.json
import { double, fraction, minus, over, plus, sineOfQuarterTurns, smallest, times } from "./fraction.mjs";

const [zero, one] = [fraction(0), fraction(1)];

const alphas = {
  linear: (t) => minus(one, t),
  power: (t) => minus(one, times(t, t)), // its default power is 2
  "log-linear": (t) => minus(one, times(fraction("0.999"), t)),
  cosine: (t) => minus(one, sineOfQuarterTurns(t)),
};

/** Times that doubles hold exactly. */
const steps = [
  ["1", "0.75"],
  ["0.5", "0.4990234375"], // a step of 1 / 1024
  ["0.125", "0.0625"],
  ["0.015625", "0.0078125"],
  ["0.25", "0"],
];

const strategies = [
  { name: "ancestral", sigma: () => zero },
  ...["0.008", "0.5"].map((eta) => ({ name: "cap", eta, sigma: (most) => smallest(fraction(eta), most) })),
  ...["0.015", "1"].map((eta) => ({ name: "rescale", eta, sigma: (most) => times(fraction(eta), most) })),
];

const golden = Object.entries(alphas).flatMap(([schedule, alpha]) =>
  steps.flatMap(([t, s]) =>
    strategies.map(({ name, eta, sigma: choose }) => {
      const [atT, atS] = [alpha(fraction(t)), alpha(fraction(s))];
      // Nothing is revealed at t = 1 that could go back: any sigma is one.
      const most = atT.top === 0n ? one : smallest(one, over(minus(one, atS), atT));
      const sigma = choose(most);
      const kept = times(minus(one, sigma), atT);
      const reveal = over(minus(atS, kept), minus(one, atT));
      return {
        schedule,
        strategy: name,
        ...(eta && { eta: Number(eta) }),
        t: Number(t),
        s: Number(s),
        remask: double(sigma),
        reveal: double(reveal),
        stay: double(minus(one, reveal)),
        // The position is masked at s as often as noise has it, whatever sigma: alpha_t sigma + (1 - alpha_t) stay.
        maskedAfter: double(plus(times(atT, sigma), times(minus(one, atT), minus(one, reveal)))),
      };
    }),
  ),
);
process.stdout.write(`[\n${golden.map((entry) => `  ${JSON.stringify(entry)}`).join(",\n")}\n]\n`);
