import { fakeDenoiser, letterTokenizer, powerNoise } from "@textdiffusion/testkit";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Denoiser } from "../contracts/denoiser.js";
import type { Sampler } from "../contracts/sampler.js";
import { permits } from "../contracts/token-restriction.js";
import { DiffusionError, type ErrorCode } from "../errors/diffusion-error.js";
import { createPipeline, type GenerationRequest } from "./pipeline.js";
import type { PositionRule } from "./position-rules.js";

const tokenizer = letterTokenizer("abcdefgh ");
const { mask, end = -1 } = tokenizer.special;
const fake = fakeDenoiser({ vocabularySize: tokenizer.vocabularySize, maskTokenId: mask });

/** Two masks a step, the leftmost first, until none is left. */
const twoByTwo: Sampler = {
  name: "two-by-two",
  tokenRule: { temperature: 1 },
  steps: "until-done",
  revises: false,
  request: (row) => row.masked.slice(0, 2),
  decide: (_, draws) => ({ commit: [...draws.positions.keys()], remask: [] }),
};

/** Writes everything anew in each of three steps. */
const rewriting: Sampler = {
  ...twoByTwo,
  name: "rewriting",
  steps: 3,
  revises: true,
  request: (row) => row.editablePositions,
};

const pipelineOf = (sampler: Sampler = twoByTwo, denoiser: Denoiser = fake) =>
  createPipeline({ tokenizer, denoiser, sampler, schedule: powerNoise(1) });

async function write(request: GenerationRequest, sampler?: Sampler) {
  const pipeline = await pipelineOf(sampler);
  const { ids, seq } = await pipeline.generate(request);
  const row = (at: number) => tokenizer.decode(ids.subarray(at * seq, (at + 1) * seq), { keepSpecial: true });
  return Array.from({ length: ids.length / seq }, (_, at) => row(at));
}

const refused = (code: ErrorCode, pattern: RegExp, request: GenerationRequest, denoiser?: Denoiser) =>
  expect(
    (async () => {
      const pipeline = await pipelineOf(undefined, denoiser);
      return pipeline.generate(request);
    })(),
  ).rejects.toSatisfy((error) => {
    expect(String(error)).toMatch(pattern);
    return DiffusionError.is(error, code);
  });

describe("what may be written where", () => {
  it("is what a gap or a rule allows and does not ban, whatever the sampler and the seed", async () => {
    const token = fc.constantFrom(..."abcdefgh ");
    const rule = fc.record(
      {
        row: fc.constantFrom(0, 1),
        position: fc.integer({ min: 1, max: 8 }),
        allowed: fc.uniqueArray(token, { minLength: 2, maxLength: 4 }),
        banned: fc.uniqueArray(token, { maxLength: 1 }),
      },
      { requiredKeys: ["position"] },
    );
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(rule, { maxLength: 6, selector: ({ position }) => position }),
        fc.constantFrom(twoByTwo, rewriting),
        fc.nat(999),
        async (rules, sampler, seed) => {
          const texts = await write(
            {
              prompts: [
                ["a", { gap: 8 }],
                ["b", { gap: 9 }],
              ],
              rules,
              seed,
            },
            sampler,
          );
          texts.forEach((text, row) => {
            for (const { row: of = row, position, allowed, banned } of rules) {
              if (of !== row) continue;
              expect(
                permits(
                  { allowed: allowed && ids(allowed), banned: banned && ids(banned) },
                  ids([text[position]])[0],
                ),
              ).toBe(true);
            }
          });
        },
      ),
      { seed: 5, numRuns: 60 },
    );
  });

  it("holds of a whole gap, and of a gap and a rule together", async () => {
    const [text] = await write({
      prompts: [["a", { gap: 30, allowed: ["b", "c", "d"] }, "a", { gap: 30, banned: ["b", "c"] }]],
      rules: [{ position: 3, banned: ["b", "d"] }],
      length: 1,
    });
    expect(text.slice(1, 31)).toMatch(/^[bcd]{30}$/);
    expect(new Set(text.slice(1, 31)).size).toBe(3);
    expect(text[3]).toBe("c");
    expect(text.slice(32)).toMatch(/^[^bc]{30}$/);
  });

  it("leaves the rest as it was: draws elsewhere are those of a page without rules", async () => {
    // Everything at once, so that no token is seen by another.
    const atOnce: Sampler = { ...twoByTwo, request: (row) => row.masked };
    const [free] = await write({ length: 20 }, atOnce);
    const rules = [{ position: 7, banned: [free[7]] }];
    const [other] = await write({ length: 20, rules }, atOnce);
    expect(other[7]).not.toBe(free[7]);
    expect([...other].filter((letter, at) => letter !== free[at])).toHaveLength(1);
  });

  it("locks a token from the start, so that the model sees it and no sampler changes it", async () => {
    const seen: number[] = [];
    const watching: Denoiser = {
      ...fake,
      denoise: (input) => {
        seen.push(input.ids[4]);
        return fake.denoise(input);
      },
    };
    const pipeline = await pipelineOf(rewriting, watching);
    const { texts } = await pipeline.generate({ length: 8, rules: [{ position: 4, locked: "h" }] });
    expect(texts[0][4]).toBe("h");
    expect(new Set(seen)).toEqual(new Set(ids(["h"])));
  });

  it("may force a special token where the request allows it", async () => {
    const [text] = await write({
      length: 4,
      allowSpecial: [end],
      rules: [
        { position: 3, allowed: [end] },
        { position: 0, banned: [end] },
      ],
    });
    expect(text.endsWith("</s>")).toBe(true);
    expect(text.startsWith("</s>")).toBe(false);
  });

  it("is the same for a row alone and among others", async () => {
    const rules: PositionRule[] = [
      { row: 1, position: 2, allowed: ["a", "b"] },
      { row: 1, position: 5, banned: ["c", "d"] },
    ];
    const together = await write({ prompts: ["ab", "cd", "ef"], length: 9, rules, rowKeys: [3, 4, 5] });
    const alone = await write({
      prompts: ["cd"],
      length: 9,
      rules: rules.map((rule) => ({ ...rule, row: 0 })),
      rowKeys: [4],
    });
    expect(alone[0]).toBe(together[1]);
  });
});

describe("rules that cannot be kept are refused before any forward", () => {
  const never: Denoiser = { ...fake, denoise: () => Promise.reject(new Error("a forward")) };
  const one = (rule: PositionRule): GenerationRequest => ({ prompts: [["ab", { gap: 4 }]], rules: [rule] });
  const letters = [..."abcdefgh "];

  it.each<[string, ErrorCode, RegExp, GenerationRequest]>([
    [
      "an empty allowed set",
      "PROMPT_INVALID",
      /row 0 at position 3, got an empty allowed set/,
      one({ position: 3, allowed: [] }),
    ],
    [
      "all banned",
      "PROMPT_INVALID",
      /row 0 at position 3, got all banned/,
      one({ position: 3, banned: letters }),
    ],
    [
      "only what is banned",
      "PROMPT_INVALID",
      /row 0 at position 2, got allowed ids that are all banned/,
      one({ position: 2, allowed: ["a"], banned: ["a"] }),
    ],
    [
      "only what is suppressed",
      "PROMPT_INVALID",
      /row 0 at position 2.*allowSpecial/,
      one({ position: 2, allowed: [end] }),
    ],
    ["the mask token", "PROMPT_INVALID", /row 0 at position 2/, one({ position: 2, allowed: [mask] })],
    [
      "an id beyond the vocabulary",
      "TOKEN_OUT_OF_RANGE",
      /at position 2 of row 0, got 99/,
      one({ position: 2, allowed: [99] }),
    ],
    [
      "a place in the prompt",
      "PROMPT_INVALID",
      /in gaps, got one at position 1 of row 0/,
      one({ position: 1, allowed: ["a"] }),
    ],
    [
      "a place beyond the row",
      "PROMPT_INVALID",
      /at position 6 of row 0/,
      one({ position: 6, banned: ["a"] }),
    ],
    ["half a place", "PROMPT_INVALID", /at position 2.5 of row 0/, one({ position: 2.5, banned: ["a"] })],
    ["a row that is not there", "PROMPT_INVALID", /row from 0 to 0, got 1/, one({ row: 1, position: 2 })],
    [
      "two tokens for one",
      "PROMPT_INVALID",
      /one token at position 2 of row 0, got "ab", which is 2/,
      one({ position: 2, locked: "ab" }),
    ],
    [
      "a lock that is banned",
      "PROMPT_INVALID",
      /locked token.*position 2 of row 0, got "a"/,
      one({ position: 2, locked: "a", banned: ["a"] }),
    ],
    [
      "a lock twice",
      "PROMPT_INVALID",
      /in gaps, got one at position 2 of row 0/,
      {
        prompts: [["ab", { gap: 4 }]],
        rules: [
          { position: 2, locked: "a" },
          { position: 2, locked: "b" },
        ],
      },
    ],
    [
      "an unknown key",
      "UNKNOWN_OPTION",
      /"allow". Known: "allowed"/,
      one({ position: 2, allow: ["a"] } as never),
    ],
    [
      "an unknown key of a gap",
      "UNKNOWN_OPTION",
      /a gap of prompt 0, got "ban"/,
      { prompts: [[{ gap: 2, ban: ["a"] } as never]] },
    ],
  ])("%s", async (_, code, pattern, request) => {
    await refused(code, pattern, request, never);
  });

  it("and a denoiser that does not heed them is found out", async () => {
    const deaf: Denoiser = {
      ...fake,
      denoise: async (input) => {
        const distributions = await fake.denoise(input);
        return {
          ...distributions,
          draw: (rule, uniforms, suppressed) => distributions.draw(rule, uniforms, suppressed),
        };
      },
    };
    const rules = [
      { position: 3, allowed: ["a"] },
      { position: 4, allowed: ["b"] },
      { position: 5, allowed: ["c"] },
    ];
    await refused(
      "TOKEN_OUT_OF_RANGE",
      /must heed its restrictions/,
      { prompts: [["ab", { gap: 4 }]], rules },
      deaf,
    );
  });

  it("and so is a sampler that writes into the row it is shown", async () => {
    const scribbling: Sampler = {
      ...twoByTwo,
      decide: (row, draws) => {
        row.ids[0] = 5;
        return twoByTwo.decide(row, draws);
      },
    };
    await expect(write({ prompts: ["a"], length: 4 }, scribbling)).rejects.toThrow(
      /locked tokens to stay.*position 0 of row 0.*LOCK_VIOLATED/,
    );
  });
});

function ids(names: readonly string[]): number[] {
  return names.map((name) => tokenizer.encode(name)[0]);
}
