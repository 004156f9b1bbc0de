import { type Denoiser, Random, type TokenRow } from "@textdiffusion/core";
import { hostDenoiser, tableDenoiser } from "@textdiffusion/testkit";
import { describe, expect, it } from "vitest";
import { type LikelihoodOptions, likelihoodBound } from "./likelihood-bound.js";

const vocabularySize = 5;
const mask = 4;
const tokenizer = { special: { mask }, specialIds: [mask] };
const rowOf = (...ids: number[]): TokenRow => ({ ids: Int32Array.from(ids) });

/** A model that is no distribution over texts: tokens that stand near a masked place are likelier there. */
const neighbourly = hostDenoiser({
  name: "neighbourly",
  vocabularySize,
  predict: ({ ids, attentionMask }) => {
    return (position) => {
      const masses = new Float64Array(vocabularySize).fill(0.4).fill(0, mask);
      ids.forEach((id, at) => {
        if (id !== mask && attentionMask[at] === 1) masses[id] += 1 / (1 + Math.abs(at - position) ** 2);
      });
      const total = masses.reduce((sum, mass) => sum + mass);
      return masses.map((mass) => Math.log(mass / total));
    };
  },
});

/** `-ln p(token at position)` when the positions of `shown` are seen. */
async function cost(denoiser: Denoiser, ids: Int32Array, shown: readonly number[], position: number) {
  const distributions = await denoiser.denoise({
    batch: 1,
    seq: ids.length,
    ids: ids.map((id, at) => (shown.includes(at) ? id : mask)),
    attentionMask: new Uint8Array(ids.length).fill(1),
    time: Float64Array.of(1 - shown.length / ids.length),
    positions: Int32Array.of(position),
  });
  return -(await distributions.logProbs())[ids[position]];
}

function orders(places: readonly number[]): number[][] {
  if (places.length === 0) return [[]];
  return places.flatMap((first) =>
    orders(places.filter((place) => place !== first)).map((rest) => [first, ...rest]),
  );
}

/** The cost of writing the row token by token, averaged over every order: what the bound is, with nothing in common. */
async function anyOrderNats(denoiser: Denoiser, { ids }: TokenRow): Promise<number> {
  const all = orders([...ids.keys()]);
  const known = new Map<string, number>();
  let nats = 0;
  for (const order of all) {
    for (const [index, position] of order.entries()) {
      const shown = order.slice(0, index).sort();
      const key = `${shown} ${position}`;
      if (!known.has(key)) known.set(key, await cost(denoiser, ids, shown, position));
      nats += known.get(key)! / all.length;
    }
  }
  return nats;
}

const bound = (denoiser: Denoiser, rows: readonly TokenRow[], options: Partial<LikelihoodOptions> = {}) =>
  likelihoodBound(rows, { denoiser, tokenizer, ...options });

describe("likelihoodBound", () => {
  // Four standard errors with 200 degrees of freedom: a false alarm for one seed in ten thousand.
  it.each(["even", "llada"] as const)(
    "agrees with all 720 orders of a row of six, counts %s",
    async (counts) => {
      const row = rowOf(0, 1, 1, 3, 0, 1);
      const exact = (await anyOrderNats(neighbourly, row)) / 6;
      const { natsPerToken, maskStandardError } = await bound(neighbourly, [row], {
        replicates: 201,
        strata: 3, // two tokens apart: whole counts for LLaDA's rounding, too
        counts,
      });
      expect(maskStandardError).toBeLessThan(0.02);
      expect(Math.abs(natsPerToken - exact)).toBeLessThan(4 * maskStandardError);
    },
  );

  it("agrees with all orders of rows of every length up to six, together", async () => {
    const rows = [rowOf(2), rowOf(0, 0), rowOf(1, 2, 3), rowOf(3, 3, 3, 3), rowOf(0, 1, 2, 3, 0)];
    const exact = await Promise.all(rows.map((row) => anyOrderNats(neighbourly, row)));
    const { natsPerToken, tokens, maskStandardError, rowNats, perplexity } = await bound(neighbourly, rows, {
      replicates: 100,
      strata: 3,
    });
    expect(tokens).toBe(15);
    expect(Math.abs(natsPerToken - exact.reduce((a, b) => a + b) / 15)).toBeLessThan(4 * maskStandardError);
    expect(rowNats[0]).toBeCloseTo(exact[0], 5); // one token leaves no choice
    expect(rowNats.reduce((a, b) => a + b) / 15).toBeCloseTo(natsPerToken, 12);
    expect(perplexity).toBe(Math.exp(natsPerToken));
  });

  it("is the likelihood itself for the exact model of a text", async () => {
    const joint = [
      { ids: [0, 0, 1], probability: 0.5 },
      { ids: [0, 1, 1], probability: 0.2 },
      { ids: [2, 1, 0], probability: 0.2 },
      { ids: [3, 3, 3], probability: 0.1 },
    ];
    const exact = tableDenoiser({ vocabularySize, maskTokenId: mask, joint });
    for (const { ids, probability } of joint) {
      const { natsPerToken, maskStandardError } = await bound(exact, [rowOf(...ids)], { replicates: 100 });
      expect(Math.abs(natsPerToken * 3 + Math.log(probability))).toBeLessThan(12 * maskStandardError + 1e-6);
    }
  });

  it("states its standard error truly: 300 seeds", async () => {
    // 40 rows of six, so 40 degrees of freedom: |t| < 2.021 in 95 of 100, and 300 trials stray by 1.26 %. Five of those
    // deviations, and five of the variance's, sqrt(2 / 300) = 8.2 %: a false alarm for one seed in a million.
    const random = Random.fromSeed(3);
    const rows = Array.from({ length: 40 }, (_, row) =>
      rowOf(...Array.from({ length: 6 }, (__, at) => random.integer(mask, row * 6 + at))),
    );
    const exact =
      (await Promise.all(rows.map((row) => anyOrderNats(neighbourly, row)))).reduce((a, b) => a + b) / 240;
    let covered = 0;
    let squares = 0;
    let stated = 0;
    for (let seed = 0; seed < 300; seed++) {
      const { natsPerToken, maskStandardError } = await bound(neighbourly, rows, {
        seed,
        strata: 2,
        batchSize: 160,
      });
      if (Math.abs(natsPerToken - exact) < 2.021 * maskStandardError) covered++;
      squares += (natsPerToken - exact) ** 2 / 300;
      stated += maskStandardError ** 2 / 300;
    }
    expect(Math.abs(covered / 300 - 0.95)).toBeLessThan(5 * 0.0126);
    expect(Math.abs(stated / squares - 1)).toBeLessThan(5 * 0.082);
  });

  it("is the same whatever the batch, and differs with the seed", async () => {
    const rows = [rowOf(0, 1, 2, 3), rowOf(1, 1), rowOf(3, 2, 1, 0, 0)];
    const whole = await bound(neighbourly, rows, { batchSize: 100 });
    expect(await bound(neighbourly, rows, { batchSize: 1 })).toEqual(whole);
    expect((await bound(neighbourly, rows, { seed: 1 })).natsPerToken).not.toBe(whole.natsPerToken);
  });

  it("shows prompts and special tokens without scoring them", async () => {
    const begin = 3;
    const framed = { special: { mask }, specialIds: [begin, mask] };
    const asked: number[][] = [];
    const watched: Denoiser = {
      ...neighbourly,
      denoise: (input) => {
        asked.push([...input.positions].map((flat) => flat % input.seq));
        expect(input.ids[0]).toBe(begin);
        expect(input.ids[1]).toBe(2);
        expect(input.editable).toEqual(Uint8Array.of(0, 0, 1, 1, 1)); // what guidance takes for the prompt
        return neighbourly.denoise(input);
      },
    };
    const row = { ids: Int32Array.of(begin, 2, 0, 1, begin), promptLength: 2 };
    const { tokens } = await likelihoodBound([row], { denoiser: watched, tokenizer: framed, batchSize: 1 });
    expect(tokens).toBe(2);
    expect(new Set(asked.flat())).toEqual(new Set([2, 3]));
  });

  it("tells a time-conditioned model the time of the mask rate", async () => {
    const seen = new Set<number>();
    const denoiser: Denoiser = {
      ...neighbourly,
      denoise: (input) => {
        for (const time of input.time) seen.add(time);
        return neighbourly.denoise(input);
      },
    };
    const schedule = {
      name: "square",
      epsilon: 0,
      alpha: (t: number) => 1 - t * t,
      alphaDerivative: (t: number) => -2 * t,
      timeAt: (alpha: number) => Math.sqrt(1 - alpha),
    };
    await bound(denoiser, [rowOf(0, 1)], { schedule, strata: 2 });
    expect([...seen].sort()).toEqual([Math.sqrt(0.5), 1]);
  });

  it.each<[string, readonly TokenRow[], Partial<LikelihoodOptions>]>([
    ["DATA_INVALID", [], {}],
    ["DATA_INVALID", [rowOf(mask, mask)], {}],
    ["DATA_INVALID", [rowOf(...new Array(513).fill(0))], {}],
    ["TOKEN_OUT_OF_RANGE", [rowOf(0, 5)], {}],
    ["CONFIG_INVALID", [rowOf(0)], { strata: 0 }],
    ["CONFIG_INVALID", [rowOf(0)], { replicates: 1 }],
    ["CONFIG_INVALID", [rowOf(0)], { batchSize: 0.5 }],
    ["ABORTED", [rowOf(0)], { signal: AbortSignal.abort() }],
  ])("refuses with %s", async (code, rows, options) => {
    await expect(bound(neighbourly, rows, options)).rejects.toMatchObject({ code });
  });

  it("says when the model answers NaN", async () => {
    const broken = hostDenoiser({
      name: "broken",
      vocabularySize,
      predict: () => () => new Float64Array(vocabularySize).fill(Number.NaN),
    });
    await expect(bound(broken, [rowOf(0)])).rejects.toMatchObject({ code: "NOT_A_NUMBER" });
  });
});
