// How many tokens each step reveals, rule by rule, in whole numbers and exact fractions: no double anywhere but for the
// cosine, which is good to 50 digits. Writes to stdout:
//   node scripts/golden/quotas.mjs > scripts/golden/quotas.json
import { floor, fraction, minus, over, roundHalfEven, sineOfQuarterTurns, times } from "./fraction.mjs";

const one = fraction(1);

/** Mask rate at time t, both fractions. */
const schedules = {
  linear: (t) => t,
  power: (t) => times(t, t), // its default power is 2
  cosine: (t) => sineOfQuarterTurns(t), // cos(pi/2 (1 - t))
};

/** Each rule: how many of `left` masks step i of S reveals; `total` is how many there were. */
const rules = {
  /** The expected number of the reverse step, halves to even. */
  schedule: ({ left, step, steps, rate }) => {
    const [t, s] = [fraction(steps - step, steps), fraction(steps - step - 1, steps)];
    return roundHalfEven(times(fraction(left), minus(one, over(rate(s), rate(t)))));
  },
  /** LLaDA's get_num_transfer_tokens: n over S, the remainder to the first steps. */
  llada: ({ total, step, steps }) => BigInt(Math.floor(total / steps) + (step < total % steps ? 1 : 0)),
  /** Dream: floor(left (1 - s / t)) on times from 1 to 0.001. */
  dream: ({ left, step, steps }) => {
    const time = (i) => minus(one, times(fraction("0.999"), fraction(i, steps)));
    return floor(times(fraction(left), minus(one, over(time(step + 1), time(step)))));
  },
  /** MaskGIT: keep floor(N m(s)) masks, at least one and fewer than there are. */
  maskgit: ({ left, total, step, steps, rate }) => {
    const kept = Number(floor(times(fraction(total), rate(fraction(steps - step - 1, steps)))));
    return BigInt(left - Math.max(1, Math.min(left - 1, kept)));
  },
};

const cases = [
  ...["linear", "power", "cosine"].flatMap((schedule) =>
    [
      [10, 4],
      [20, 8],
      [32, 10],
      [64, 10],
      [32, 12],
      [5, 8],
      [7, 1],
      [128, 128],
    ].map((c) => ["schedule", schedule, ...c]),
  ),
  ...[
    [10, 4],
    [20, 8],
    [5, 8],
    [100, 7],
  ].map((c) => ["llada", "linear", ...c]),
  ...[
    [20, 8],
    [10, 4],
    [16, 16],
    [64, 16],
    [100, 10],
  ].map((c) => ["dream", "linear", ...c]),
  ...["cosine", "linear"].flatMap((schedule) =>
    [
      [16, 8],
      [256, 12],
      [3, 8],
    ].map((c) => ["maskgit", schedule, ...c]),
  ),
];

const golden = cases.map(([rule, schedule, masked, steps]) => ({
  rule,
  schedule,
  masked,
  steps,
  reveals: reveals(rules[rule], schedules[schedule], masked, steps),
}));
process.stdout.write(`[\n${golden.map((entry) => `  ${JSON.stringify(entry)}`).join(",\n")}\n]\n`);

/** All that is left in the last step; nothing where nothing is left. */
function reveals(rule, rate, masked, steps) {
  const list = [];
  let left = masked;
  for (let step = 0; step < steps; step++) {
    const isLast = step === steps - 1;
    const revealed = isLast || left === 0 ? left : Number(rule({ left, total: masked, step, steps, rate }));
    list.push(revealed);
    left -= revealed;
  }
  return list;
}
