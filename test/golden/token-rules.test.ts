import { hostDistributions, type RowDraws, type SamplerRow, type TokenRule } from "@textdiffusion/core";
import { aboveFactor } from "@textdiffusion/samplers";
import { describe, expect, it } from "vitest";
import { derivedVectors, goldenVectors } from "./golden-vectors.js";

interface Vectors {
  readonly draws: readonly (TokenRule & {
    readonly probabilities: readonly number[];
    readonly suppressed?: readonly number[];
    /** The distribution that the token is drawn from. */
    readonly kept: readonly number[];
    readonly draws: readonly { readonly uniform: number; readonly token: number }[];
  })[];
  readonly factorThresholds: readonly { readonly factor: number; readonly thresholds: readonly number[] }[];
}
const vectors = goldenVectors<Vectors>("token-rules");

it("are what their script derives", () => {
  expect(derivedVectors("token-rules")).toEqual(vectors);
});

describe("tokens", () => {
  it.each(vectors.draws.map((vector) => ({ ...vector, rule: JSON.stringify(ruleOf(vector)) })))(
    "of $probabilities under $rule, without $suppressed",
    async (vector) => {
      const table = vector.draws.map(() => Float64Array.from(vector.probabilities, Math.log));
      const uniforms = Float64Array.from(vector.draws, ({ uniform }) => uniform);
      const { tokens } = await hostDistributions(table).draw(ruleOf(vector), uniforms, vector.suppressed);
      expect([...tokens]).toEqual(vector.draws.map(({ token }) => token));
    },
  );
});

function ruleOf({ temperature, topK, topP }: TokenRule): TokenRule {
  return { temperature, topK, topP };
}

describe("factor decoding", () => {
  it.each(vectors.factorThresholds)(
    "passes rank r from its threshold on, with factor $factor",
    ({ factor, thresholds }) => {
      for (const [rank, threshold] of thresholds.entries()) {
        // Everything before is certain, so rank r is where it may end. The first always passes.
        expect(passed(rank, threshold + 1e-6)).toBe(rank + 1);
        expect(passed(rank, threshold - 1e-6)).toBe(Math.max(rank, 1));
      }

      function passed(rank: number, probability: number): number {
        const probabilities = Array.from({ length: rank + 1 }, (_, at) => (at < rank ? 1 : probability));
        const draws = { logProbs: Float32Array.from(probabilities, Math.log) } as unknown as RowDraws;
        return aboveFactor(factor).commit({} as SamplerRow, draws).length;
      }
    },
  );
});
