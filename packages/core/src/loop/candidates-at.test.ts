import { fakeDenoiser, letterTokenizer, powerNoise } from "@textdiffusion/testkit";
import { expect, it } from "vitest";
import type { Sampler } from "../contracts/sampler.js";
import { createPipeline, type GenerationRequest } from "../pipeline/pipeline.js";
import { candidatesAt } from "./candidates-at.js";
import { banTokens } from "./edit-tokens.js";
import type { GenerationEvent } from "./events.js";
import { stateAtStep } from "./generation-state.js";

const tokenizer = letterTokenizer("abcdef");
const maskTokenId = tokenizer.special.mask;
const denoiser = fakeDenoiser({ vocabularySize: tokenizer.vocabularySize, maskTokenId });
const schedule = powerNoise(1);
const suppressed = tokenizer.specialIds;

/** One masked position a step, from the left. */
const sampler: Sampler = {
  name: "left-to-right",
  tokenRule: { temperature: 1 },
  steps: "until-done",
  revises: false,
  request: (row) => row.masked.slice(0, 1),
  decide: () => ({ commit: [0], remask: [] }),
};

async function eventsOf(request: GenerationRequest): Promise<GenerationEvent[]> {
  const pipeline = await createPipeline({ tokenizer, denoiser, sampler, schedule });
  const events: GenerationEvent[] = [];
  for await (const event of pipeline.stream(request)) events.push(event);
  return events;
}

it("gives the drawn token the probability, and the place the entropy, that the run drew it with", async () => {
  const events = await eventsOf({
    prompts: ["a", "fe"],
    length: 7,
    seed: 4,
    rules: [{ position: 3, banned: ["b", "c"] }],
  });
  const steps = events.filter((event) => event.kind === "step");
  for (const { step, revealed } of steps) {
    const state = await stateAtStep(events, step);
    for (const { row, position, to, logProb = Number.NaN, entropy = Number.NaN } of revealed) {
      const found = await candidatesAt({
        denoiser,
        schedule,
        state,
        place: { row, position },
        maskTokenId,
        suppressed,
        count: 99,
      });
      const { probability = Number.NaN } = found.candidates.find(({ token }) => token === to) ?? {};
      expect(Math.log(probability)).toBeCloseTo(logProb, 5);
      expect(found.entropy).toBeCloseTo(entropy, 5);
      expect(found.candidates.reduce((sum, each) => sum + each.probability, 0)).toBeCloseTo(1, 9);
      const sorted = found.candidates.map((each) => each.probability);
      expect(sorted).toEqual(sorted.toSorted((a, b) => b - a));
    }
  }
  expect(steps.length).toBe(6);
});

it("asks about a settled place as if it were masked, and heeds what is banned there", async () => {
  const events = await eventsOf({ prompts: ["a"], length: 4, seed: 1 });
  const done = await stateAtStep(events, 3);
  const place = { row: 0, position: 2 };
  const ids = done.canvas.ids.slice();
  ids[2] = maskTokenId;
  const masked = { ...done, canvas: { ...done.canvas, ids } };
  const ask = (state: typeof done) =>
    candidatesAt({ denoiser, schedule, state, place, maskTokenId, suppressed });
  const found = await ask(done);
  expect(await ask(masked)).toEqual(found);
  expect(found.candidates).toHaveLength(5);
  const [first] = found.candidates;
  const banned = await ask(banTokens(done, [{ ...place, tokens: [first.token] }], tokenizer));
  expect(banned.candidates.map(({ token }) => token)).not.toContain(first.token);
  expect(banned.candidates[0].probability).toBeCloseTo(
    found.candidates[1].probability / (1 - first.probability),
    9,
  );
});

it("refuses a place outside the page", async () => {
  const state = await stateAtStep(await eventsOf({ length: 3 }), 0);
  const place = { row: 0, position: 3 };
  await expect(candidatesAt({ denoiser, schedule, state, place, maskTokenId })).rejects.toThrow(
    /outside the page/,
  );
});
