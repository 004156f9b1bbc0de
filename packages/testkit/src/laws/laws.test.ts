import type {
  ConstrainedRow,
  Constraint,
  NoiseCurve,
  NoiseSchedule,
  RowConstraint,
  Sampler,
  Tokenizer,
  TokenRestriction,
} from "@textdiffusion/core";
import { describe, expect, it } from "vitest";
import {
  constraintLaws,
  denoiserLaws,
  fakeDenoiser,
  hostDenoiser,
  type Law,
  letterTokenizer,
  noiseScheduleLaws,
  powerNoise,
  samplerLaws,
  tokenizerLaws,
} from "../index.js";

/** The names of the laws that break. */
async function broken(laws: readonly Law[]): Promise<string[]> {
  const names: string[] = [];
  for (const law of laws) {
    try {
      await law.run();
    } catch (error) {
      expect((error as Error).message).toMatch(/expected .*got|got none/s);
      names.push(law.name);
    }
  }
  return names;
}

describe("noiseScheduleLaws", () => {
  it("hold for powers of t", async () => {
    for (const power of [1, 2, 3])
      expect(await broken(noiseScheduleLaws(() => powerNoise(power)))).toEqual([]);
  });

  const wrong: Record<string, { change: Partial<NoiseSchedule>; breaks: string[] }> = {
    "a clock that runs backwards": {
      change: { alpha: (t) => t, alphaDerivative: () => 1, timeAt: (alpha) => alpha, maskRate: (t) => 1 - t },
      breaks: [
        "clean-at-zero",
        "masked-at-one",
        "never-rises",
        "derivative-never-positive",
        "weight-is-finite",
        "inverse-is-clamped",
      ],
    },
    "the sign of the derivative": {
      change: { alphaDerivative: () => 1 },
      breaks: ["derivative-agrees", "derivative-never-positive", "weight-is-finite"],
    },
    "an inverse of the mask rate": {
      change: { timeAt: (alpha) => alpha },
      breaks: ["inverse-returns", "inverse-is-clamped"],
    },
    "an unclamped inverse": { change: { timeAt: (alpha) => 1 - alpha }, breaks: ["inverse-is-clamped"] },
    "another mask rate": { change: { maskRate: (t) => t * t }, breaks: ["mask-rate-agrees"] },
    "a bound it does not state": {
      change: {
        alpha: (t) => 1 - 0.999 * t,
        alphaDerivative: () => -0.999,
        timeAt: (alpha) => Math.min(1, Math.max(0, (1 - alpha) / 0.999)),
        maskRate: undefined,
      },
      breaks: ["masked-at-one"],
    },
  };
  it.each(Object.entries(wrong))("catch %s", async (_, { change, breaks }) => {
    expect(await broken(noiseScheduleLaws(() => ({ ...powerNoise(1), ...change })))).toEqual(breaks);
  });

  /** Odd positions are masked as by t^2, even ones so that the mean of both is linear. */
  const inTurn = (odd: NoiseCurve): NoiseSchedule => ({
    ...powerNoise(1),
    perPosition: {
      dependsOn: "places",
      curves: () => (position) =>
        position % 2 === 1 ? odd : { alpha: (t) => 1 - 2 * t + t * t, alphaDerivative: (t) => 2 * t - 2 },
    },
  });
  const wrongCurves: Record<string, { curve: Partial<NoiseCurve>; breaks: string[] }> = {
    "nothing in curves that are right": { curve: {}, breaks: [] },
    "a position that is never masked": {
      curve: { alpha: () => 1, alphaDerivative: () => 0, maskRate: () => 0 },
      breaks: ["positions-span-the-clock", "positions-average-to-the-row"],
    },
    "another position's derivative": {
      curve: { alphaDerivative: () => -1 },
      breaks: ["positions-derivative-agrees"],
    },
    "a derivative that rises": {
      curve: { alphaDerivative: (t) => 2 * t },
      breaks: ["positions-derivative-agrees", "positions-weight-is-finite"],
    },
    "another mask rate at a position": {
      curve: { maskRate: (t) => t },
      breaks: ["positions-span-the-clock"],
    },
    "a mean that is not the row's": {
      curve: { ...powerNoise(3) },
      breaks: ["positions-average-to-the-row"],
    },
  };
  it.each(Object.entries(wrongCurves))("catch %s", async (_, { curve, breaks }) => {
    expect(await broken(noiseScheduleLaws(() => inTurn({ ...powerNoise(2), ...curve })))).toEqual(breaks);
  });
});

describe("samplerLaws", () => {
  /** One masked position a step, from the left. */
  const leftToRight: Sampler = {
    name: "left-to-right",
    tokenRule: { temperature: 1 },
    steps: "until-done",
    revises: false,
    request: (row) => row.masked.slice(0, 1),
    decide: () => ({ commit: [0], remask: [] }),
  };

  it("hold for a sampler of four lines", async () => {
    expect(await broken(samplerLaws(() => leftToRight))).toEqual([]);
  });

  it("catch a sampler that leaves masks", async () => {
    expect(await broken(samplerLaws(() => ({ ...leftToRight, steps: 3 })))).toContain("ends-without-masks");
  });

  it("catch a sampler that writes where it may not", async () => {
    const careless: Sampler = {
      ...leftToRight,
      steps: 2,
      revises: true,
      request: (row) => row.ids.map((_, position) => position),
      decide: (_, draws) => ({ commit: [...draws.positions.keys()], remask: [] }),
    };
    expect(await broken(samplerLaws(() => careless))).toEqual(
      expect.arrayContaining(["writes-only-editable", "asks-in-order"]),
    );
  });

  it("catch a sampler that never takes the prediction", async () => {
    const stubborn: Sampler = {
      ...leftToRight,
      decide: (_, draws) => {
        draws.tokens[0] = 3;
        return { commit: [0], remask: [] };
      },
    };
    expect(await broken(samplerLaws(() => stubborn))).toEqual(["reaches-oracle"]);
  });

  it("catch a sampler that counts its calls", async () => {
    let calls = 0;
    const counting: Sampler = {
      ...leftToRight,
      request: (row) => {
        const at = calls++ % row.masked.length;
        return row.masked.slice(at, at + 1);
      },
    };
    expect(await broken(samplerLaws(() => counting))).toEqual(
      expect.arrayContaining(["repeats-with-its-seed", "same-row-in-any-batch", "keeps-no-state"]),
    );
  });

  it("catch a sampler that asks when it needs nothing", async () => {
    const wasteful: Sampler = {
      ...leftToRight,
      steps: 16,
      request: (row) => row.masked,
      decide: (row) => {
        const all = [...row.masked.keys()];
        return { commit: row.step === 15 ? all : all.slice(0, row.step % 2), remask: [] };
      },
    };
    expect(await broken(samplerLaws(() => wasteful))).toEqual(["asks-within-bounds"]);
  });
});

describe("denoiserLaws", () => {
  const vocabulary = { vocabularySize: 9, maskTokenId: 8 };

  it("catch probability on the mask", async () => {
    const leaking = hostDenoiser({
      name: "leaking",
      vocabularySize: 9,
      predict: () => () => new Float64Array(9).fill(-Math.log(9)),
    });
    expect(await broken(denoiserLaws(() => leaking, vocabulary))).toEqual(["never-the-mask"]);
  });

  it("catch logits that are not normalised", async () => {
    const raw = hostDenoiser({
      name: "raw",
      vocabularySize: 9,
      predict: () => () => new Float64Array(9).map((_, id) => (id === 8 ? Number.NEGATIVE_INFINITY : id / 3)),
    });
    expect(await broken(denoiserLaws(() => raw, vocabulary))).toEqual(["sums-to-one"]);
  });

  it("catch an answer that depends on the rest of the batch", async () => {
    const fake = fakeDenoiser(vocabulary);
    const leaky = {
      ...fake,
      denoise: (input: Parameters<typeof fake.denoise>[0]) =>
        fake.denoise({ ...input, ids: input.ids.map((id) => (id + input.batch) % 8) }),
    };
    expect(await broken(denoiserLaws(() => leaky, vocabulary))).toContain("row-stands-alone");
  });

  it("catch an answer that depends on what else was asked", async () => {
    const fake = fakeDenoiser(vocabulary);
    const leaky = {
      ...fake,
      denoise: (input: Parameters<typeof fake.denoise>[0]) =>
        fake.denoise({ ...input, ids: input.ids.map((id) => (id + input.positions.length) % 8) }),
    };
    expect(await broken(denoiserLaws(() => leaky, vocabulary))).toContain("position-stands-alone");
  });

  it("catch draws counted downwards, and a forgotten suppression or restriction", async () => {
    const fake = fakeDenoiser(vocabulary);
    const changed = ({ reverse = false, suppress = true, restrict = true }) => ({
      ...fake,
      denoise: async (input: Parameters<typeof fake.denoise>[0]) => {
        const distributions = await fake.denoise(input);
        return {
          ...distributions,
          draw: (...[rule, uniforms, suppressed, restrictions]: Parameters<typeof distributions.draw>) =>
            distributions.draw(
              rule,
              reverse ? uniforms.map((u) => 1 - u) : uniforms,
              suppress ? suppressed : [],
              restrict ? restrictions : undefined,
            ),
        };
      },
    });
    const brokenBy = (change: Parameters<typeof changed>[0]) =>
      broken(denoiserLaws(() => changed(change), vocabulary));
    expect(await brokenBy({ reverse: true })).toEqual(["draws-agree", "restricts"]);
    expect(await brokenBy({ suppress: false })).toEqual(["scores-agree", "suppresses"]);
    expect(await brokenBy({ restrict: false })).toEqual(["restricts"]);
  });

  it("catch tensors that stay", async () => {
    let tensors = 0;
    const fake = fakeDenoiser(vocabulary);
    const leaking = {
      ...fake,
      denoise: (input: Parameters<typeof fake.denoise>[0]) => {
        tensors++;
        return fake.denoise(input);
      },
    };
    expect(await broken(denoiserLaws(() => leaking, { ...vocabulary, tensors: () => tensors }))).toEqual([
      "frees-what-it-took",
    ]);
  });
});

describe("constraintLaws", () => {
  const [maskTokenId, vocabularySize] = [4, 5];
  const row: ConstrainedRow = {
    row: 0,
    ids: Int32Array.of(4, 4, 0, 4),
    editable: Uint8Array.of(1, 1, 0, 1),
    attentionMask: new Uint8Array(4).fill(1),
    maskTokenId,
    vocabularySize,
    suppressed: [3, maskTokenId],
    restrictionAt: (position) => (position === 3 ? { banned: [2] } : undefined),
  };
  /** Tokens that are drawn never fall from left to right but at the locked one; the last is at least 1. */
  const rising = (change: Partial<RowConstraint> = {}): Constraint => ({
    name: "rising",
    open: () => {
      const completable = (ids: Int32Array) => {
        const [first, second, , last] = ids;
        const ordered = first === maskTokenId || second === maskTokenId || first <= second;
        return ordered && last !== 0;
      };
      const candidates = (ids: Int32Array, positions: Int32Array) =>
        Array.from(positions, (position): TokenRestriction => {
          const possible = [0, 1, 2].filter((id) => {
            const changed = ids.slice();
            changed[position] = id;
            return completable(changed) && !(position === 3 && id === 2);
          });
          return { allowed: possible };
        });
      return { completable, candidates, ...change };
    },
  });

  it("hold for tokens in order", async () => {
    expect(await broken(constraintLaws(() => rising(), row))).toEqual([]);
  });

  it("catch candidates that are too many, and a row that cannot be completed", async () => {
    const tooMany = {
      candidates: (_: Int32Array, positions: Int32Array) => [...positions].map(() => undefined),
    };
    expect(await broken(constraintLaws(() => rising(tooMany), row))).toEqual([
      "candidates-are-exact",
      "masking-keeps-completable",
    ]);
    const never = { completable: () => false };
    expect(await broken(constraintLaws(() => rising(never), row))).toEqual([
      "begins-completable",
      "candidates-are-exact",
      "masking-keeps-completable",
    ]);
  });

  it("catch an answer that depends on what was asked before", async () => {
    let asked = 0;
    const moody = () => {
      const steady = rising().open(row);
      return rising({
        candidates: (ids, positions) =>
          asked++ % 4 === 1
            ? [...positions].map(() => ({ allowed: [1] }))
            : steady.candidates(ids, positions),
      });
    };
    expect(await broken(constraintLaws(moody, row))).toContain("keeps-no-state");
  });
});

describe("tokenizerLaws", () => {
  const samples = ["abba", "", "a cab", "<mask>ab</s>", "héllo"];
  const letters = letterTokenizer(" abc");

  it("hold for letters", async () => {
    expect(await broken(tokenizerLaws(() => letters, samples))).toEqual([]);
  });

  const wrong: Record<string, { change: Partial<Tokenizer>; breaks: string[] }> = {
    "ids beyond the vocabulary": {
      change: { encode: (text) => letters.encode(text).map((id) => id + 5), decode: () => "" },
      breaks: ["ids-are-known", "round-trips", "keeps-special-tokens", "frames-when-asked"],
    },
    "a lossy decode": {
      change: { decode: () => "b" },
      breaks: ["round-trips", "keeps-special-tokens", "spells-in-bytes"],
    },
    "special tokens in the text": {
      change: { decode: (ids) => letters.decode(ids, { keepSpecial: true }) },
      breaks: ["skips-special-tokens"],
    },
    "a forgotten frame": {
      change: { encode: (text) => letters.encode(text) },
      breaks: ["frames-when-asked"],
    },
    "a mask that is not special": { change: { specialIds: [0, 1, 2, 3] }, breaks: ["lists-special-ids"] },
  };
  it.each(Object.entries(wrong))("catch %s", async (_, { change, breaks }) => {
    expect(await broken(tokenizerLaws(() => ({ ...letters, ...change }), samples))).toEqual(breaks);
  });
});
