import { DiffusionError, Random } from "@textdiffusion/core";
import { describe, expect, it } from "vitest";
import {
  chiSquare,
  denoiserLaws,
  fakeDenoiser,
  hostDistributions,
  oracleDenoiser,
  tableDenoiser,
  uniformDenoiser,
} from "../index.js";

const logs = (...probabilities: number[]) => Float64Array.from(probabilities, Math.log);
const half = new Float64Array([0.5]);

describe("the tiny denoisers keep the laws", () => {
  const certain = [
    { law: "suppresses", reason: "one token has all the probability, so nothing would be left" },
  ];
  const vocabulary = { vocabularySize: 9, maskTokenId: 8 };
  const denoisers = {
    fake: denoiserLaws(() => fakeDenoiser(vocabulary), vocabulary),
    uniform: denoiserLaws(() => uniformDenoiser(vocabulary), vocabulary),
    oracle: denoiserLaws(() => oracleDenoiser({ vocabularySize: 9, text: [3, 4, 5, 6, 7] }), {
      maskTokenId: 8,
      skip: certain,
    }),
    table: denoiserLaws(
      () =>
        tableDenoiser({
          ...vocabulary,
          joint: [
            { ids: [2, 3, 4], probability: 0.5 },
            { ids: [3, 3, 5], probability: 0.25 },
            { ids: [2, 6, 7], probability: 0.25 },
          ],
        }),
      { maskTokenId: 8, skip: certain },
    ),
  };
  describe.each(Object.entries(denoisers))("%s", (_, laws) => {
    for (const law of laws)
      it.skipIf(law.skip)(law.skip ? `${law.name} (skipped: ${law.skip})` : law.name, law.run);
  });
});

describe("hostDistributions", () => {
  it("draws the first token, counted upwards, whose cumulative probability exceeds the uniform", async () => {
    const distributions = hostDistributions([logs(0.2, 0.5, 0.3)]);
    const tokenAt = async (uniform: number) =>
      (await distributions.draw({ temperature: 1 }, new Float64Array([uniform]))).tokens[0];
    expect(await Promise.all([0.1, 0.19, 0.21, 0.69, 0.71, 0.99].map(tokenAt))).toEqual([0, 0, 1, 1, 2, 2]);
  });

  it("takes the lowest id among equals at temperature 0", async () => {
    const { tokens } = await hostDistributions([logs(0.1, 0.45, 0.45)]).draw({ temperature: 0 }, half);
    expect([...tokens]).toEqual([1]);
  });

  it.each([
    // probabilities .4 .3 .2 .1, ids 0 to 3
    { rule: { temperature: 1, topK: 2 }, kept: [4 / 7, 3 / 7, 0, 0] },
    { rule: { temperature: 1, topP: 0.69 }, kept: [4 / 7, 3 / 7, 0, 0] }, // .4 + .3 crosses .69
    { rule: { temperature: 1, topP: 0.71 }, kept: [4 / 9, 3 / 9, 2 / 9, 0] },
    { rule: { temperature: 1, topK: 2, topP: 0.5 }, kept: [1, 0, 0, 0] }, // .4 of .7 crosses .5
    { rule: { temperature: 0.5 }, kept: [16 / 30, 9 / 30, 4 / 30, 1 / 30] }, // squares
    { rule: { temperature: 1, topP: 1e-9 }, kept: [1, 0, 0, 0] },
    { rule: { temperature: 1, topK: 99, topP: 1 }, kept: [0.4, 0.3, 0.2, 0.1] },
  ])("$rule keeps $kept", async ({ rule, kept }) => {
    // A false alarm in a million seeds.
    const count = 4000;
    const row = logs(0.4, 0.3, 0.2, 0.1);
    const random = Random.fromSeed(5);
    const numbers = Float64Array.from({ length: count }, (_, index) => random.uniform(index));
    const { tokens } = await hostDistributions(new Array(count).fill(row)).draw(rule, numbers);
    const counts = kept.map((_, id) => tokens.filter((token) => token === id).length);
    expect(chiSquare(counts, kept).pValue).toBeGreaterThan(1e-6);
  });

  it("keeps all ties at the border of top-k, and of top-p the lowest ids first", async () => {
    const row = logs(0.25, 0.25, 0.25, 0.25);
    const draw = async (rule: { topK?: number; topP?: number }, uniform: number) =>
      (await hostDistributions([row]).draw({ temperature: 1, ...rule }, new Float64Array([uniform])))
        .tokens[0];
    expect(await draw({ topK: 1 }, 0.99)).toBe(3);
    expect(await draw({ topP: 0.4 }, 0.99)).toBe(1);
  });

  it("scores without top-k or top-p, at the score temperature, without suppressed ids", async () => {
    const rule = { temperature: 0, topK: 1, scoreTemperature: 0.5 };
    const { tokens, logProbs, entropy, margin } = await hostDistributions([logs(0.5, 0.3, 0.2)]).draw(
      rule,
      half,
      [0],
    );
    // .3 and .2 left; squares 9 : 4
    expect([...tokens]).toEqual([1]);
    expect(logProbs[0]).toBeCloseTo(Math.log(9 / 13), 6);
    expect(entropy[0]).toBeCloseTo(-(9 / 13) * Math.log(9 / 13) - (4 / 13) * Math.log(4 / 13), 6);
    expect(margin[0]).toBeCloseTo(5 / 13, 6);
  });

  it("has an error for a row with nothing left to draw", async () => {
    const draws = hostDistributions([logs(1, 0)]).draw({ temperature: 1 }, half, [0]);
    await expect(draws).rejects.toSatisfy((error) => DiffusionError.is(error, "TOKEN_OUT_OF_RANGE"));
  });
});

describe("tableDenoiser", () => {
  it("answers with the conditionals of its table", async () => {
    const table = tableDenoiser({
      vocabularySize: 4,
      maskTokenId: 3,
      joint: [
        { ids: [0, 1], probability: 0.5 },
        { ids: [0, 2], probability: 0.125 },
        { ids: [1, 2], probability: 0.375 },
      ],
    });
    const probabilities = async (...ids: number[]) => {
      const distributions = await table.denoise({
        batch: 1,
        seq: 2,
        ids: Int32Array.from(ids),
        attentionMask: new Uint8Array([1, 1]),
        time: new Float64Array([1]),
        positions: Int32Array.from([0, 1]),
      });
      return [...(await distributions.logProbs())].map((logProb) => Number(Math.exp(logProb).toFixed(6)));
    };
    expect(await probabilities(3, 3)).toEqual([0.625, 0.375, 0, 0, 0, 0.5, 0.5, 0]);
    expect(await probabilities(0, 3)).toEqual([1, 0, 0, 0, 0, 0.8, 0.2, 0]);
    expect(await probabilities(3, 2)).toEqual([0.25, 0.75, 0, 0, 0, 0, 1, 0]);
    expect(await probabilities(1, 1)).toEqual(
      new Array(8).fill(0).map((_, id) => (id % 4 === 3 ? 0 : 0.333333)),
    );
  });

  it("refuses what is no distribution of texts", () => {
    const make = (ids: number[], probability: number) =>
      tableDenoiser({ vocabularySize: 4, maskTokenId: 3, joint: [{ ids, probability }] });
    expect(() => make([0, 1], 0.5)).toThrow("sum to 1, got 0.5");
    expect(() => make([0, 3], 1)).toThrow("not the mask, got 3");
    expect(() => make([0, 4], 1)).toThrow("below 4");
  });
});
