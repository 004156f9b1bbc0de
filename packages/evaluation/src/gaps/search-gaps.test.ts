import { createPipeline, DiffusionError, type GenerationRequest } from "@textdiffusion/core";
import { hostDenoiser, letterTokenizer, powerNoise } from "@textdiffusion/testkit";
import { expect, it } from "vitest";
import { type GapSearchOptions, searchGaps } from "./search-gaps.js";

const tokenizer = letterTokenizer("abcd");
const { vocabularySize } = tokenizer;
const asked: number[] = [];

/** Sure of its text in rows that look as they should, and without an opinion in all others. */
const denoiserOf = (isRight: (ids: Int32Array) => boolean) =>
  hostDenoiser({
    name: "particular",
    vocabularySize,
    predict: ({ ids, attentionMask }) => {
      const row = ids.filter((_, at) => attentionMask[at] === 1);
      asked.push(row.length);
      const sure = isRight(row) ? 0.9 : 0.25;
      return (position) =>
        new Float64Array(vocabularySize).map((_, id) => {
          const letter = id - 4;
          if (letter < 0 || letter > 3) return Number.NEGATIVE_INFINITY;
          return Math.log(letter === position % 4 ? sure : (1 - sure) / 3);
        });
    },
  });

async function optionsOf(isRight: (ids: Int32Array) => boolean): Promise<GapSearchOptions> {
  const denoiser = denoiserOf(isRight);
  const pipeline = await createPipeline({
    tokenizer,
    denoiser,
    schedule: powerNoise(1),
    sampler: {
      name: "surest",
      tokenRule: { temperature: 0 },
      steps: "until-done",
      revises: false,
      request: (row) => row.masked,
      decide: (_, draws) => ({ commit: [...draws.positions.keys()], remask: [] }),
    },
  });
  return { denoiser, tokenizer, write: (request) => pipeline.generate(request) };
}

const gap = (min: number, max: number) => ({ gap: { min, max } });

it("finds the length at which the model is surest, and shows every length that was tried", async () => {
  const options = await optionsOf((ids) => ids.length === 8);
  const request: GenerationRequest = { prompts: [["ab", gap(1, 7), "d"], "a"], length: 6, seed: 3 };
  const { request: found, searches } = await searchGaps(request, options);
  expect(found).toEqual({ ...request, prompts: [["ab", { gap: 5 }, "d"], "a"] });
  expect(searches).toHaveLength(1);
  const [{ row, lengths, trials }] = searches;
  expect({ row, lengths }).toEqual({ row: 0, lengths: [5] });
  expect(trials.map((trial) => trial.lengths[0])).toEqual([1, 2, 3, 4, 5, 6, 7]);
  // Without an opinion each of the four letters costs ln 4; where it is right, what is written costs -ln 0.9.
  expect(trials[0].natsPerToken).toBeCloseTo(Math.log(4), 6);
  expect(trials[4].natsPerToken).toBeLessThan(Math.log(4));
  expect(await searchGaps(request, options)).toEqual({ request: found, searches });
});

it("keeps what else a gap says, and takes the shorter of equals", async () => {
  const options = await optionsOf(() => false);
  const prompts = [["a", { ...gap(2, 5), banned: ["a"] }]];
  const { request } = await searchGaps({ prompts, length: 1 }, options);
  expect(request.prompts).toEqual([["a", { gap: 2, banned: ["a"] }]]);
});

it("tries all combinations of few, and else one gap after the other", async () => {
  // Right when "d" stands at place 4 and the row has ten tokens: gaps of 3 and 5.
  const isRight = (ids: Int32Array) => ids.length === 10 && ids[4] === 7;
  const nearly = await optionsOf(isRight);
  const few = await searchGaps({ prompts: [["a", gap(2, 4), "d", gap(4, 6)]], length: 1 }, nearly);
  expect(few.searches[0].lengths).toEqual([3, 5]);
  expect(few.searches[0].trials).toHaveLength(9);
  // Either gap alone shows: the length of the row tells of both.
  const many = await searchGaps({ prompts: [["a", gap(1, 5), "d", gap(3, 7)]], length: 1 }, nearly);
  expect(many.searches[0].lengths).toEqual([3, 5]);
  expect(many.searches[0].trials.length).toBeLessThan(25);
});

it("searches a row alone as among others", async () => {
  const options = await optionsOf((ids) => ids.length === 6);
  const searched = ["a", gap(1, 6)];
  const rules = [{ row: 1, position: 2, banned: ["c"] }];
  const together = await searchGaps({ prompts: ["a", searched], rules, length: 6, rowKeys: [4, 9] }, options);
  const alone = await searchGaps(
    { prompts: [searched], rules: [{ ...rules[0], row: 0 }], length: 6, rowKeys: [9] },
    options,
  );
  expect(together.searches).toEqual([{ ...alone.searches[0], row: 1 }]);
});

it("returns a request without ranges as it is, at no cost", async () => {
  const options = await optionsOf(() => false);
  asked.length = 0;
  const request: GenerationRequest = { prompts: ["a", ["b", { gap: 3 }]], length: 9 };
  expect((await searchGaps(request, options)).request).toBe(request);
  expect(asked).toEqual([]);
});

it.each([
  [gap(0, 3), /min to max tokens.*got 0 to 3/],
  [gap(4, 3), /got 4 to 3/],
  [gap(1.5, 3), /got 1.5 to 3/],
  [gap(600, 603), /at most 512 tokens/],
])("refuses %j", async (wrong, sentence) => {
  const options = await optionsOf(() => false);
  await expect(searchGaps({ prompts: [["a", wrong]], length: 1 }, options)).rejects.toSatisfy((error) => {
    expect(String(error)).toMatch(sentence);
    return DiffusionError.is(error, "PROMPT_INVALID");
  });
});

it("core refuses a range where no search was made, and names it", async () => {
  const { write } = await optionsOf(() => false);
  await expect(write({ prompts: [["a", gap(1, 2)]] })).rejects.toThrow(
    /searched for.*searchGaps.*PROMPT_INVALID/,
  );
});
