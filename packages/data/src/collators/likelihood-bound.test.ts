import { type Collator, type NoisedBatch, type NoiseSchedule, Random } from "@textdiffusion/core";
import { powerNoise } from "@textdiffusion/testkit";
import { describe, expect, it } from "vitest";
import { byteLevelTokenizer } from "../tokenizers/byte-level-tokenizer.js";
import { gridCollator } from "./grid-collator.js";
import type { LossReductionName } from "./loss-reductions.js";
import { stratifiedCollator } from "./stratified-collator.js";
import { validationBatches } from "./validation-batches.js";

/*
 * A model that is a table: the cross entropy of each of N = 4 positions under each of the 16 mask patterns, with no
 * structure but that more masks are harder. Everything below is exact enumeration against what the collators' batches
 * give; a mean may be 5 standard errors off, a false alarm in 1.7 million seeds.
 */
const N = 4;
const tokenizer = byteLevelTokenizer();
const row = { ids: tokenizer.encode("abcd") };
const table = Array.from({ length: 1 << N }, (_, pattern) =>
  Array.from({ length: N }, (_, at) => bitCount(pattern) + 4 * Random.fromSeed(1).split(pattern).uniform(at)),
);

/** C_k: the mean cross entropy of a masked position, over all patterns of k masks. */
const byCount = [1, 2, 3, 4].map((k) => {
  const patterns = [...table.keys()].filter((pattern) => bitCount(pattern) === k);
  return mean(patterns.map((pattern) => mean(maskedOf(pattern).map((at) => table[pattern][at]))));
});
/** I3: the bound per maskable token. */
const bound = mean(byCount);
/** C(m): given that a position is masked, the other N - 1 are by themselves. */
const atRate = (m: number) =>
  byCount.reduce(
    (sum, c, index) => sum + c * binomial(N - 1, index) * m ** index * (1 - m) ** (N - 1 - index),
    0,
  );

describe("the two forms of the bound", () => {
  it("agree: the area under C(m) is the mean of the C_k", () => {
    expect(integral(atRate, 0, 1)).toBeCloseTo(bound, 12);
  });
});

describe("stratified", () => {
  const floor = 1e-3;
  const schedules = [powerNoise(1), powerNoise(2), powerNoise(0.5)];

  it.each(schedules.map((schedule) => [schedule.name, schedule] as const))(
    "estimates the bound with reduction bound under %s",
    (_, schedule) => {
      const [low, high] = [rateAt(schedule, floor), 1];
      const truth = integral(atRate, low, high) / (high - low);
      expectRatio(stratified(schedule, "bound"), 6, truth);
      expect(truth).toBeGreaterThanOrEqual(bound - 1e-12); // C rises with m here, so leaving out low rates adds
      expect(truth - bound).toBeLessThan(0.02 * bound); // and not much: m(floor) is 0.032 at most
    },
  );

  it.each(schedules.map((schedule) => [schedule.name, schedule] as const))(
    "estimates the mean of the C_k with reduction row-mean under %s",
    (_, schedule) => {
      const low = rateAt(schedule, floor);
      const truth = integral(rowMeans, low, 1) / integral((m) => 1 - (1 - m) ** N, low, 1);
      expectRatio(stratified(schedule, "row-mean"), 6, truth);
      expect(truth).toBeGreaterThanOrEqual(bound - 1e-12); // as above
      expect(truth - bound).toBeLessThan(0.02 * bound);
    },
  );

  it("estimates other numbers with the reductions that are no bounds, as the table says", () => {
    const heavy = integral((m) => m * atRate(m), floor, 1) / (1 - floor);
    expectRatio(stratified(powerNoise(1), "uniform"), 6, heavy);
    // One row a batch would force masks; in a batch of 24 rows none is ever without any.
    expectRatio(
      stratified(powerNoise(1), "masked-mean"),
      24,
      heavy / (integral((m) => m, floor, 1) / (1 - floor)),
    );
    expect(2 * heavy).toBeGreaterThan(1.05 * bound);
  });

  function stratified(schedule: NoiseSchedule, reduction: LossReductionName): Collator {
    return stratifiedCollator({ reduction, floor }, { schedule, tokenizer });
  }
});

describe("grid", () => {
  const grid = (reduction: LossReductionName) =>
    gridCollator({ reduction, prefix: { kind: "none" } }, { schedule: powerNoise(1), tokenizer });
  const rates = Array.from({ length: 10 }, (_, index) => (index + 1) / 10);

  it("estimates the sum of C over its rates with reduction bound, which is above the bound", () => {
    const sum = mean(rates.map(atRate));
    expectRatio(grid("bound"), 3, sum);
    expect(sum).toBeGreaterThan(bound);
  });

  it("estimates the mean of C_K over its rates with reduction row-mean", () => {
    expectRatio(grid("row-mean"), 3, mean(rates.map(rowMeans)) / mean(rates.map((m) => 1 - (1 - m) ** N)));
  });

  it("with the plain mean of BERT gives each step the mean over its masks, one mask forced where there is none", () => {
    const steps = rates.map((m) => rowMeans(m) + (1 - m) ** N * byCount[0]);
    const losses = batchesOf(grid("masked-mean"), 1, 10_000).map((batch) => {
      const { loss, denominator } = tableLoss(batch);
      return loss / denominator;
    });
    expect(standardErrorsOff(losses, mean(steps))).toBeLessThan(5);
  });
});

describe("validation batches", () => {
  it("at the rates 1/N .. 1 have the bound as the mean of their losses, over many seeds", () => {
    const losses = Array.from({ length: 1_500 }, (_, seed) =>
      mean(
        validationBatches([row], tokenizer, { rates: [0.25, 0.5, 0.75, 1], seed }).map((batch) => {
          const { loss, denominator } = tableLoss(batch);
          return loss / denominator;
        }),
      ),
    );
    expect(standardErrorsOff(losses, bound)).toBeLessThan(5);
  });
});

// --- helpers ---

/** The sum of losses over the sum of denominators of many batches, within 5 standard errors (delta method). */
function expectRatio(collator: Collator, rows: number, truth: number): void {
  const batches = batchesOf(collator, rows, 6_000).map(tableLoss);
  const denominator = mean(batches.map((batch) => batch.denominator));
  const residuals = batches.map((batch) => (batch.loss - truth * batch.denominator) / denominator);
  expect(standardErrorsOff(residuals, 0)).toBeLessThan(5);
}

function batchesOf(collator: Collator, rows: number, count: number): NoisedBatch[] {
  const random = Random.fromSeed(2026);
  return Array.from({ length: count }, (_, index) =>
    collator.collate(new Array(rows).fill(row), random.split("batch", index)),
  );
}

/** What a learner would sum, with the table as its model. */
function tableLoss({ batch, seq, noiseMask, lossWeight, lossDenominator }: NoisedBatch) {
  let loss = 0;
  for (let row = 0; row < batch; row++) {
    const pattern = noiseMask
      .subarray(row * seq, (row + 1) * seq)
      .reduce((bits, noise, at) => bits | (noise << at), 0);
    for (const at of maskedOf(pattern)) loss += lossWeight[row * seq + at] * table[pattern][at];
  }
  return { loss, denominator: lossDenominator };
}

/** Expected mean over the masks of a row at rate m, counting an empty row as 0. */
function rowMeans(m: number): number {
  return byCount.reduce(
    (sum, c, index) => sum + c * binomial(N, index + 1) * m ** (index + 1) * (1 - m) ** (N - index - 1),
    0,
  );
}

function standardErrorsOff(samples: readonly number[], truth: number): number {
  const center = mean(samples);
  const variance = mean(samples.map((sample) => (sample - center) ** 2));
  return Math.abs(center - truth) / Math.sqrt(variance / samples.length);
}

/** Simpson's rule. */
function integral(f: (x: number) => number, from: number, to: number): number {
  const steps = 2_000;
  const width = (to - from) / steps;
  let sum = f(from) + f(to);
  for (let index = 1; index < steps; index++) sum += (index % 2 === 1 ? 4 : 2) * f(from + index * width);
  return (sum * width) / 3;
}

function rateAt(schedule: NoiseSchedule, t: number): number {
  return 1 - schedule.alpha(t);
}

function maskedOf(pattern: number): number[] {
  return [0, 1, 2, 3].filter((at) => (pattern >> at) & 1);
}

function bitCount(pattern: number): number {
  return maskedOf(pattern).length;
}

function binomial(n: number, k: number): number {
  return k === 0 ? 1 : (binomial(n - 1, k - 1) * n) / k;
}

function mean(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
}
