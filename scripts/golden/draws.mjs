// How rows share out the noise levels, and how many tokens a likelihood masks, from the formulas in exact fractions:
//   low-discrepancy  u_r = (v + r / n) mod 1                               Kingma et al. 2021, arXiv:2107.00630
//   stratified       u_r = (stratum_r + v_r) / n, strata a permutation      Sahoo et al. 2024, arXiv:2406.07524
//   times            t = floor + (ceiling - floor) u
//   counts           k_j = 1 + floor(N frac(v + j / strata)), j = 0 .. strata - 1
// The uniforms are given: they are halves of halves, which doubles hold exactly. Writes to stdout:
//   node scripts/golden/draws.mjs > scripts/golden/draws.json
import { compare, double, floor, fraction, minus, over, plus, times } from "./fraction.mjs";

const one = fraction(1);
const wrapped = (value) => (compare(value, one) >= 0 ? minus(value, one) : value);

const lowDiscrepancy = [
  ["0.3125", 4],
  ["0.8125", 5],
  ["0.5", 1],
].map(([offset, rows]) => ({
  offset: Number(offset),
  levels: Array.from({ length: rows }, (_, row) =>
    double(wrapped(plus(fraction(offset), fraction(row, rows)))),
  ),
}));

const stratified = [
  { strata: [0, 1, 2, 3], within: ["0.125", "0.5", "0.875", "0.25"] },
  { strata: [2, 0, 1], within: ["0.125", "0.5", "0.875"] },
].map(({ strata, within }) => ({
  strata,
  within: within.map(Number),
  levels: strata.map((stratum, row) =>
    double(over(plus(fraction(stratum), fraction(within[row])), fraction(strata.length))),
  ),
}));

const clippedTimes = [
  ["0.001", "1"],
  ["0.3", "0.8"],
].flatMap(([low, high]) =>
  ["0.125", "0.5", "0.875"].map((u) => ({
    floor: Number(low),
    ceiling: Number(high),
    u: Number(u),
    time: double(plus(fraction(low), times(minus(fraction(high), fraction(low)), fraction(u)))),
  })),
);

const counts = [
  [8, 4, "0.3125"],
  [10, 4, "0.625"],
  [7, 3, "0.875"],
  [3, 8, "0.0625"],
  [1, 2, "0.5"],
].map(([scored, strata, uniform]) => ({
  scored,
  uniform: Number(uniform),
  counts: Array.from(
    { length: strata },
    (_, j) =>
      1 + Number(floor(times(fraction(scored), wrapped(plus(fraction(uniform), fraction(j, strata)))))),
  ),
}));

process.stdout.write(
  `${JSON.stringify({ lowDiscrepancy, stratified, times: clippedTimes, counts }, null, 2)}\n`,
);
