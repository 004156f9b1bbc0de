import { chiSquare } from "@textdiffusion/testkit";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DiffusionError } from "../errors/diffusion-error.js";
import { Random } from "./random.js";
import { threefry2x32 } from "./threefry.js";

// Statistics below raise a false alarm for one seed in a million; the seeds are fixed.
const alarm = 1e-6;

describe("threefry2x32", () => {
  it.each([
    // Known answers of the authors' Random123 library, threefry2x32 with 20 rounds: counter, key, block.
    { counter: [0x00000000, 0x00000000], key: [0x00000000, 0x00000000], block: [0x6b200159, 0x99ba4efe] },
    { counter: [0xffffffff, 0xffffffff], key: [0xffffffff, 0xffffffff], block: [0x1cb996fc, 0xbb002be7] },
    { counter: [0x243f6a88, 0x85a308d3], key: [0x13198a2e, 0x03707344], block: [0xc4923a9c, 0x483df7a0] },
  ])("gives the known answer $block", ({ counter, key, block }) => {
    const out = new Uint32Array(3);
    threefry2x32(key[0], key[1], counter[0], counter[1], out, 1);
    expect([...out]).toEqual([0, ...block]);
  });
});

describe("uniform", () => {
  it("lies in the open interval, and is the same number when asked again", () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), fc.nat(), fc.string(), (seed, index, label) => {
        const random = Random.fromSeed(seed).split(label);
        const number = random.uniform(index);
        expect(number > 0 && number < 1).toBe(true);
        expect(Random.fromSeed(seed).split(label).uniform(index)).toBe(number);
      }),
      { seed: 3 },
    );
  });

  it("is uniform", () => {
    const random = Random.fromSeed(1);
    expect(
      chiSquare(
        histogram(100_000, (index) => random.uniform(index)),
        even,
      ).pValue,
    ).toBeGreaterThan(alarm);
  });

  it("is uniform in its low bits too", () => {
    const random = Random.fromSeed(1);
    const low = (index: number) => (random.uniform(index) * 2 ** 40) % 1;
    expect(chiSquare(histogram(100_000, low), even).pValue).toBeGreaterThan(alarm);
  });

  it("is uniform over seeds, over rows and over steps at a fixed index", () => {
    const streams = [
      (at: number) => Random.fromSeed(at).uniform(),
      (at: number) => Random.fromSeed(5).split("row", at).uniform(7),
      (at: number) => Random.fromSeed(5).split("row", 0, "step", at, "token").uniform(7),
    ];
    for (const stream of streams)
      expect(chiSquare(histogram(50_000, stream), even).pValue).toBeGreaterThan(alarm);
  });
});

describe("split", () => {
  it("gives streams that are independent of each other, of their parent and of their neighbours", () => {
    const parent = Random.fromSeed(2);
    const pairs: [Random, Random][] = [
      [parent, parent.split("child")],
      [parent.split("row", 0), parent.split("row", 1)],
      [parent.split("token"), parent.split("remask")],
      [Random.fromSeed(2), Random.fromSeed(3)],
      [parent.split(0), parent.split("0")],
    ];
    for (const [first, second] of pairs) {
      // Both numbers in one of 8 x 8 cells.
      const counts = new Float64Array(64);
      for (let index = 0; index < 64_000; index++) {
        counts[Math.floor(first.uniform(index) * 8) * 8 + Math.floor(second.uniform(index) * 8)]++;
      }
      expect(chiSquare(counts, new Array(64).fill(1 / 64)).pValue).toBeGreaterThan(alarm);
    }
  });

  it("depends on the order and the number of labels, and splits step by step as at once", () => {
    const random = Random.fromSeed(0);
    const first = (...labels: (string | number)[]) => random.split(...labels).uniform();
    expect(random.split("a").split(1).uniform()).toBe(first("a", 1));
    const numbers = [
      first(),
      first("a"),
      first("a", "a"),
      first("a", "b"),
      first("b", "a"),
      first("ab"),
      first(0),
      first(2 ** 32),
    ];
    expect(new Set(numbers).size).toBe(numbers.length);
  });

  it("tells all seeds apart that share their low 32 bits", () => {
    const seeds = [1, 1 + 2 ** 32, -1, 2 ** 32 - 1, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER, 0];
    expect(new Set(seeds.map((seed) => Random.fromSeed(seed).uniform())).size).toBe(seeds.length);
  });
});

it.each([Number.NaN, 0.5, 2 ** 53, Number.POSITIVE_INFINITY])("fromSeed refuses %d", (seed) => {
  expect(() => Random.fromSeed(seed)).toThrowError(/safe integer.*CONFIG_INVALID/);
  try {
    Random.fromSeed(seed);
  } catch (error) {
    expect(DiffusionError.is(error, "CONFIG_INVALID")).toBe(true);
  }
});

it("integer takes every value below its bound equally often", () => {
  const random = Random.fromSeed(4);
  const counts = new Float64Array(7);
  for (let index = 0; index < 70_000; index++) counts[random.integer(7, index)]++;
  expect(chiSquare(counts, new Array(7).fill(1 / 7)).pValue).toBeGreaterThan(alarm);
});

it("fillUniform is uniform in [0, 1), one stream apart from uniform's", () => {
  const numbers = Random.fromSeed(6).fillUniform(new Float32Array(100_001));
  expect(numbers.every((number) => number >= 0 && number < 1)).toBe(true);
  expect(
    chiSquare(
      histogram(numbers.length, (index) => numbers[index]),
      even,
    ).pValue,
  ).toBeGreaterThan(alarm);
  const random = Random.fromSeed(6);
  const shared = numbers.filter((number, index) => Math.abs(number - random.uniform(index)) < 1e-6);
  expect(shared.length).toBeLessThan(10); // 0.2 expected
});

it("fillNormal has the moments of a normal distribution", () => {
  const n = 100_000;
  const deviation = 3;
  const numbers = [...Random.fromSeed(8).fillNormal(new Float32Array(n), deviation)].map(
    (x) => x / deviation,
  );
  const moment = (power: number) => numbers.reduce((sum, x) => sum + x ** power, 0) / n;
  // Variances of the sample moments of a standard normal: 1, 2, 15 and 96 over n. Five standard errors each.
  const limit = (variance: number) => 5 * Math.sqrt(variance / n);
  expect(Math.abs(moment(1))).toBeLessThan(limit(1));
  expect(Math.abs(moment(2) - 1)).toBeLessThan(limit(2));
  expect(Math.abs(moment(3))).toBeLessThan(limit(15));
  expect(Math.abs(moment(4) - 3)).toBeLessThan(limit(96));
  // Neighbours share a radius and an angle, and must not be correlated: variance 1 / pairs.
  const pairs = numbers.filter((_, index) => index % 2 === 0).map((x, index) => x * numbers[2 * index + 1]);
  expect(Math.abs(pairs.reduce((a, b) => a + b) / pairs.length)).toBeLessThan(5 / Math.sqrt(pairs.length));
});

describe("permutation", () => {
  it("holds every number once", () => {
    for (const length of [0, 1, 2, 100]) {
      const sorted = Random.fromSeed(length).permutation(length).sort();
      expect([...sorted]).toEqual(Array.from({ length }, (_, index) => index));
    }
  });

  it("gives each of the 24 orders of four equally often", () => {
    const counts = new Map<string, number>();
    for (let seed = 0; seed < 24_000; seed++) {
      const order = Random.fromSeed(9).split(seed).permutation(4).join("");
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    expect(counts.size).toBe(24);
    expect(chiSquare([...counts.values()], new Array(24).fill(1 / 24)).pValue).toBeGreaterThan(alarm);
  });
});

// --- internal ---

const even = new Array(100).fill(1 / 100);

/** How many of the numbers fall in each of 100 equal parts of [0, 1). */
function histogram(count: number, number: (index: number) => number): Float64Array {
  const counts = new Float64Array(100);
  for (let index = 0; index < count; index++) counts[Math.floor(number(index) * 100)]++;
  return counts;
}
