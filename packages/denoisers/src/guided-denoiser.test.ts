import { type Denoiser, type DenoiserInput, Random } from "@textdiffusion/core";
import { chiSquare, denoiserLaws, fakeDenoiser, tableDenoiser } from "@textdiffusion/testkit";
import { describe, expect, it } from "vitest";
import { guidedDenoiser } from "./guided-denoiser.js";

const [begin, maskTokenId, vocabularySize] = [0, 5, 6];
const options = { vocabularySize, maskTokenId };
const keep = [begin];

/** A prompt (1 or 2) and a token (3 or 4) that leans on it. */
const joint = [
  { ids: [begin, 1, 3], probability: 0.4 },
  { ids: [begin, 1, 4], probability: 0.1 },
  { ids: [begin, 2, 3], probability: 0.2 },
  { ids: [begin, 2, 4], probability: 0.3 },
];
const table = () => tableDenoiser({ ...options, joint });
const guided = (scale: number, inner: Denoiser = table()) =>
  guidedDenoiser(inner, { scale, maskTokenId, keep });

function rows(...prompts: number[]): DenoiserInput {
  const batch = prompts.length;
  return {
    batch,
    seq: 3,
    ids: Int32Array.from(prompts.flatMap((prompt) => [begin, prompt, maskTokenId])),
    attentionMask: new Uint8Array(3 * batch).fill(1),
    editable: Uint8Array.from(prompts.flatMap((prompt) => [0, prompt === maskTokenId ? 1 : 0, 1])),
    time: new Float64Array(batch).fill(1),
    positions: Int32Array.from(prompts, (_, row) => 3 * row + 2),
  };
}

/** P(3 | prompt) under guidance: p(3 | prompt)^(w + 1) / p(3)^w, normalised. */
function closedForm(prompt: number, scale: number): number {
  const conditional = prompt === 1 ? 0.8 : 0.4;
  const marginal = 0.6;
  const three = conditional ** (scale + 1) / marginal ** scale;
  const four = (1 - conditional) ** (scale + 1) / (1 - marginal) ** scale;
  return three / (three + four);
}

/** Without `combine`, as a denoiser elsewhere may be. */
function withoutCombine(inner: Denoiser): Denoiser {
  return { ...inner, denoise: async (input) => ({ ...(await inner.denoise(input)), combine: undefined }) };
}

describe("guidedDenoiser", () => {
  for (const scale of [0, 1.5]) {
    const make = () => guidedDenoiser(fakeDenoiser(options), { scale, maskTokenId, keep: [0, 1] });
    for (const law of denoiserLaws(make, options)) it(`${law.name}, scale ${scale}`, () => law.run());
  }

  it.each([0, 0.5, 1, 3])("has the closed form at scale %s", async (scale) => {
    for (const inner of [table(), withoutCombine(table())]) {
      const answer = await guided(scale, inner).denoise(rows(1, 2));
      const probabilities = (await answer.logProbs()).map(Math.exp);
      expect(probabilities[3]).toBeCloseTo(closedForm(1, scale), 6);
      expect(probabilities[vocabularySize + 3]).toBeCloseTo(closedForm(2, scale), 6);
      for (const impossible of [0, 1, 2, maskTokenId]) expect(probabilities[impossible]).toBe(0);
    }
  });

  it("draws from it, and scores are of it", async () => {
    const count = 4000;
    const random = Random.fromSeed(4);
    const answer = await guided(1).denoise(rows(...new Array(count).fill(2)));
    const uniforms = Float64Array.from({ length: count }, (_, index) => random.uniform(index));
    const { tokens, logProbs, entropy, margin } = await answer.draw({ temperature: 1 }, uniforms);
    const [three, four] = [closedForm(2, 1), 1 - closedForm(2, 1)];
    const counts = [3, 4].map((token) => tokens.filter((drawn) => drawn === token).length);
    expect(chiSquare(counts, [three, four]).pValue).toBeGreaterThan(1e-6); // a false alarm in a million seeds
    expect(Math.exp(logProbs[0])).toBeCloseTo(tokens[0] === 3 ? three : four, 6);
    expect(entropy[0]).toBeCloseTo(-three * Math.log(three) - four * Math.log(four), 6);
    expect(margin[0]).toBeCloseTo(four - three, 6);
  });

  it("passes both branches as one batch and says so", async () => {
    const inner = table();
    const asked: DenoiserInput[] = [];
    const answer = await guided(1, {
      ...inner,
      denoise: (input) => {
        asked.push(input);
        return inner.denoise(input);
      },
    }).denoise(rows(1, maskTokenId, 2)); // the middle row has no prompt
    const [call] = asked;
    expect(asked.length).toBe(1);
    expect(call.batch).toBe(5);
    expect([...call.ids.subarray(9)]).toEqual([
      begin,
      maskTokenId,
      maskTokenId,
      begin,
      maskTokenId,
      maskTokenId,
    ]);
    expect([...call.positions]).toEqual([2, 5, 8, 11, 14]);
    expect(answer.cost).toEqual({ forwards: 1, rowForwards: 5 });
    expect(Math.exp((await answer.logProbs())[vocabularySize + 3])).toBeCloseTo(0.6, 6); // unguided, exactly
  });

  it.each([
    ["scale 0", 0, rows(1, 2)],
    ["no prompt", 2, rows(maskTokenId)],
    ["nobody saying what the prompt is", 2, { ...rows(1), editable: undefined }],
  ])("hands the question on as it is with %s", async (_, scale, input) => {
    const inner = table();
    const answer = await inner.denoise(input);
    const plain = guided(scale, {
      ...inner,
      denoise: async (handedOn) => {
        expect(handedOn).toBe(input);
        return answer;
      },
    });
    expect(await plain.denoise(input)).toBe(answer);
  });

  it("does not take padding for a prompt", async () => {
    const input = rows(maskTokenId);
    const padded = {
      ...input,
      ids: Int32Array.of(1, maskTokenId, maskTokenId),
      attentionMask: Uint8Array.of(0, 1, 1),
    };
    expect((await guided(2).denoise(padded)).cost).toBeUndefined();
  });

  it.each([-0.5, Number.NaN, Number.POSITIVE_INFINITY])("refuses scale %s", (scale) => {
    expect(() => guided(scale)).toThrow(/at least 0.*CONFIG_INVALID/);
  });
});
