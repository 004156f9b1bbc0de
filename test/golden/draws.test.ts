import type { Random } from "@textdiffusion/core";
import { draws, timeLevels } from "@textdiffusion/data";
import { stratifiedCounts } from "@textdiffusion/evaluation";
import { powerNoise } from "@textdiffusion/testkit";
import { describe, expect, it } from "vitest";
import { derivedVectors, goldenVectors } from "./golden-vectors.js";

interface Vectors {
  readonly lowDiscrepancy: readonly { readonly offset: number; readonly levels: readonly number[] }[];
  readonly stratified: readonly {
    readonly strata: readonly number[];
    readonly within: readonly number[];
    readonly levels: readonly number[];
  }[];
  readonly times: readonly {
    readonly floor: number;
    readonly ceiling: number;
    readonly u: number;
    readonly time: number;
  }[];
  readonly counts: readonly {
    readonly scored: number;
    readonly uniform: number;
    readonly counts: readonly number[];
  }[];
}
const vectors = goldenVectors<Vectors>("draws");

it("are what their script derives", () => {
  expect(derivedVectors("draws")).toEqual(vectors);
});

/** A stream whose numbers are given. */
const stream = (uniforms: readonly number[], permutation: readonly number[] = []) =>
  ({
    split: () => stream(uniforms, permutation),
    uniform: (index = 0) => uniforms[index],
    permutation: () => Int32Array.from(permutation),
  }) as unknown as Random;

describe("noise levels of a batch", () => {
  it.each(vectors.lowDiscrepancy)("low-discrepancy from $offset", ({ offset, levels }) => {
    close(draws["low-discrepancy"](levels.length, stream([offset])), levels);
  });
  it.each(vectors.stratified)("stratified by $strata", ({ strata, within, levels }) => {
    close(draws.stratified(strata.length, stream(within, strata)), levels);
  });
  it.each(vectors.times)("times from $floor to $ceiling at $u", ({ floor, ceiling, u, time }) => {
    expect(timeLevels(powerNoise(1), { floor, ceiling }).level(u, 8).time).toBeCloseTo(time, 14);
  });
});

it.each(vectors.counts)(
  "masks of a likelihood: $scored tokens from $uniform",
  ({ scored, uniform, counts }) => {
    expect(stratifiedCounts(scored, counts.length, uniform)).toEqual(counts);
  },
);

function close(actual: ArrayLike<number>, expected: readonly number[]): void {
  expect(actual.length).toBe(expected.length);
  expected.forEach((level, row) => {
    expect(actual[row]).toBeCloseTo(level, 14);
  });
}
