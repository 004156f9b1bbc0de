import type { Sampler } from "@textdiffusion/core";
import { fakeDenoiser, hostDenoiser, powerNoise, uniformDenoiser } from "@textdiffusion/testkit";
import { describe, expect, it } from "vitest";
import { denoiserDivergence } from "./denoiser-divergence.js";

const [vocabularySize, maskTokenId, seq] = [5, 4, 6];
const canvas = {
  batch: 1,
  seq,
  ids: new Int32Array(seq).fill(maskTokenId),
  attentionMask: new Uint8Array(seq).fill(1),
  editable: new Uint8Array(seq).fill(1),
};
/** Reveals two tokens in every other step, and asks for nothing in the others. */
const inPairs: Sampler = {
  name: "in-pairs",
  tokenRule: { temperature: 1 },
  steps: 6,
  revises: false,
  request: (row) => (row.step % 2 === 0 ? row.masked.slice(0, 2) : new Int32Array(0)),
  decide: (_, draws) => ({ commit: [...draws.positions.keys()], remask: [] }),
};
const rest = { sampler: inPairs, schedule: powerNoise(1), canvas, maskTokenId, seed: 1 };

/** The same probabilities everywhere. */
const constant = (...probabilities: number[]) =>
  hostDenoiser({
    name: "constant",
    vocabularySize,
    predict: () => () => Float64Array.from([...probabilities, 0], Math.log),
  });

describe("denoiserDivergence", () => {
  it("is nothing between a denoiser and itself", async () => {
    const [denoiser, reference] = [0, 1].map(() => fakeDenoiser({ vocabularySize, maskTokenId }));
    const report = await denoiserDivergence({ ...rest, denoiser, reference });
    expect(report).toMatchObject({ denoiser: "fake", reference: "fake", meanKl: 0, maxKl: 0, sameArgmax: 1 });
    expect(report.steps.map(({ step, positions }) => [step, positions])).toEqual([
      [0, 2],
      [2, 2],
      [4, 2],
    ]);
  });

  it("is the sum of p ln(p / q), p the reference", async () => {
    const probabilities = [0.5, 0.25, 0.125, 0.125];
    const entropy = probabilities.reduce((sum, p) => sum - p * Math.log(p), 0);
    const uniform = uniformDenoiser({ vocabularySize, maskTokenId });
    const one = await denoiserDivergence({
      ...rest,
      denoiser: uniform,
      reference: constant(...probabilities),
    });
    expect(one.meanKl).toBeCloseTo(Math.log(4) - entropy, 6);
    expect(one.maxKl).toBeCloseTo(Math.log(4) - entropy, 6);
    const other = await denoiserDivergence({
      ...rest,
      denoiser: constant(...probabilities),
      reference: uniform,
    });
    expect(other.meanKl).toBeCloseTo(
      probabilities.reduce((sum, q) => sum + (Math.log(1 / 4) - Math.log(q)) / 4, 0),
      6,
    );
  });

  it("counts positions whose most probable token is another, and impossible tokens as infinitely far", async () => {
    const report = await denoiserDivergence({
      ...rest,
      denoiser: constant(0.6, 0.4, 0, 0),
      reference: constant(0.3, 0.6, 0.1, 0),
    });
    expect(report).toMatchObject({ sameArgmax: 0, meanKl: Number.POSITIVE_INFINITY });
  });

  it("refuses two vocabularies", async () => {
    const reference = uniformDenoiser({ vocabularySize: 6, maskTokenId });
    const denoiser = uniformDenoiser({ vocabularySize, maskTokenId });
    await expect(denoiserDivergence({ ...rest, denoiser, reference })).rejects.toMatchObject({
      code: "SHAPE_MISMATCH",
    });
  });
});
