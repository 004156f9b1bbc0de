// The loss of small batches under every weight and everything it may be counted per, from the papers' sums in exact
// fractions, not from weights: CE is the cross entropy of each position, m its mask rate, d the importance of m, N the
// maskable and K the masked tokens of a row, p the chance of a row to have any mask. Writes to stdout:
//   node scripts/golden/losses.mjs > scripts/golden/losses.json
import { double, fraction, over, sum, times } from "./fraction.mjs";

/** Rows as text: `x` masked, `o` maskable and left, `.` never masked (prompt, padding, special). */
const batches = [
  { name: "one row", rows: [{ cells: "xoxo", rate: "0.5" }] },
  {
    name: "rows of other lengths and rates",
    rows: [
      { cells: "..xxo", rate: "0.75" },
      { cells: "xoooo", rate: "0.25" },
      { cells: "oxx..", rate: "0.625" },
    ],
  },
  {
    name: "a row without masks, and one that may have none",
    rows: [
      { cells: "oooo", rate: "0.125" },
      { cells: "....", rate: "0.5" },
      { cells: "xxxx", rate: "1" },
    ],
  },
  {
    name: "a schedule that is not linear",
    rows: [
      { cells: "xxo.", rate: "0.5625", importance: "1.5" },
      { cells: "oxo.", rate: "0.0625", importance: "0.5" },
    ],
  },
];

const named = {
  bound: ["rate", "token"],
  "row-bound": ["rate", "row"],
  "row-mean": ["count", "row"],
  "masked-mean": ["one", "mask"],
  uniform: ["one", "token"],
};

const golden = batches.map(({ name, rows }, batch) => {
  const seq = rows[0].cells.length;
  // Any costs will do: sixteenths, other ones at each place.
  const cost = (row, at) => fraction(3 + ((7 * row + 5 * at + 11 * batch) % 29), 16);
  const parts = rows.map(({ cells, rate, importance = "1" }, row) => {
    const N = [...cells].filter((cell) => cell !== ".").length;
    const masked = [...cells].flatMap((cell, at) => (cell === "x" ? [cost(row, at)] : []));
    return {
      N,
      K: masked.length,
      total: sum(masked),
      m: fraction(rate),
      d: fraction(importance),
      p: fraction(N, N + 1),
    };
  });
  const sums = {
    rate: ({ total, m, d }) => over(times(d, total), m),
    count: ({ total, d, N, K, p }) =>
      K === 0 ? fraction(0) : over(times(times(d, fraction(N)), total), times(fraction(K), p)),
    one: ({ total }) => total,
  };
  const withText = parts.filter(({ N }) => N > 0);
  const loss = (weight, per) => {
    const terms = withText.map((part) =>
      per === "row" ? over(sums[weight](part), fraction(part.N)) : sums[weight](part),
    );
    const counted = {
      token: parts.reduce((all, { N }) => all + N, 0),
      row: withText.length,
      mask: parts.reduce((all, { K }) => all + K, 0),
      text: withText.length,
    };
    return double(over(sum(terms), fraction(counted[per])));
  };
  return {
    name,
    seq,
    rows: rows.map(({ cells, rate, importance = "1" }, row) => ({
      cells,
      rate: Number(rate),
      importance: Number(importance),
      chanceOfAny: double(parts[row].p),
      crossEntropy: [...cells].map((_, at) => double(cost(row, at))),
    })),
    losses: ["rate", "count", "one"].flatMap((weight) =>
      ["token", "row", "mask", "text"].map((per) => ({
        weight,
        per,
        name: Object.keys(named).find((key) => named[key][0] === weight && named[key][1] === per),
        nats: loss(weight, per),
      })),
    ),
  };
});
process.stdout.write(`${JSON.stringify(golden, null, 2)}\n`);
