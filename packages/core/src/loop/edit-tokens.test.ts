import { fakeDenoiser, letterTokenizer, powerNoise } from "@textdiffusion/testkit";
import { describe, expect, it } from "vitest";
import type { Sampler } from "../contracts/sampler.js";
import { DiffusionError } from "../errors/diffusion-error.js";
import { createPipeline, type GenerationRequest } from "../pipeline/pipeline.js";
import { banTokens, maskTokens, unlockTokens } from "./edit-tokens.js";
import type { GenerationEvent } from "./events.js";
import { type GenerationState, stateAtStep } from "./generation-state.js";
import { lockTokens } from "./lock-tokens.js";

const tokenizer = letterTokenizer("abcdef");
const mask = tokenizer.special.mask;
const denoiser = fakeDenoiser({ vocabularySize: tokenizer.vocabularySize, maskTokenId: mask });
const id = (letter: string) => tokenizer.encode(letter)[0];

/** An equal share of the masks in each of four steps. */
const inFour: Sampler = {
  name: "in-four",
  tokenRule: { temperature: 1 },
  steps: 4,
  revises: false,
  request: ({ masked, step, steps = 1 }) => masked.slice(0, Math.ceil(masked.length / (steps - step))),
  decide: (_, { positions }) => ({ commit: [...positions.keys()], remask: [] }),
};

/** Writes everything anew in each of four steps. */
const rewriting: Sampler = {
  ...inFour,
  revises: true,
  request: ({ editablePositions }) => editablePositions,
};

async function eventsOf(request: GenerationRequest, sampler = inFour): Promise<GenerationEvent[]> {
  const pipeline = await createPipeline({ tokenizer, denoiser, sampler, schedule: powerNoise(1) });
  const events: GenerationEvent[] = [];
  for await (const event of pipeline.stream(request)) events.push(event);
  return events;
}

async function idsAfter(request: GenerationRequest, sampler?: Sampler): Promise<number[]> {
  return [...((await eventsOf(request, sampler)).at(-1) as { ids: Int32Array }).ids];
}

/** Row 1 is longer in prompt and shorter in gaps: "ab______" and "abcd__" and padding. */
const request: GenerationRequest = {
  prompts: [
    ["ab", { gap: 6 }],
    ["abcd", { gap: 2 }],
  ],
  seed: 3,
};
const stateAt = async (step: number): Promise<GenerationState> => stateAtStep(await eventsOf(request), step);
const places = (...positions: number[]) => positions.map((position) => ({ row: 0, position }));

describe("maskTokens", () => {
  it("has the masked places of a finished page written again, in the steps that its share of masks leaves", async () => {
    const done = await stateAt(4);
    const masked = maskTokens(done, places(3, 5), tokenizer);
    const events = await eventsOf({ from: masked, seed: 3 });
    const changed = events.flatMap((event) => (event.kind === "step" ? event.revealed : []));
    expect(changed.map(({ row, position, from }) => [row, position, from])).toEqual([
      [0, 3, mask],
      [0, 5, mask],
    ]);
    // Two of six positions are masked: t = 1/3, floor(4 * 2/3) = 2 steps count as done.
    expect(events.filter(({ kind }) => kind === "step")).toHaveLength(2);
    expect(masked.progress.doneRows).toEqual([1]);
    expect(done.canvas.ids).not.toContain(mask);
  });

  it("is the same page as a gap in the text, once the rest is locked", async () => {
    const done = await stateAt(4);
    const rest = places(2, 3, 6, 7).map((place) => ({ ...place, token: done.canvas.ids[place.position] }));
    const from = lockTokens(maskTokens(done, places(4, 5), tokenizer), rest, tokenizer);
    const text = (begin: number, end: number) => tokenizer.decode(done.canvas.ids.subarray(begin, end));
    const [opened] = await eventsOf({ prompts: [[text(0, 4), { gap: 2 }, text(6, 8)]] });
    const [started] = await eventsOf({ from });
    const row = <Entries extends Int32Array | Uint8Array>(entries: Entries) => [...entries.subarray(0, 8)];
    if (opened.kind !== "started" || started.kind !== "started") throw new TypeError("started first");
    expect(row(started.ids)).toEqual(row(opened.ids));
    expect(row(started.editable)).toEqual(row(opened.editable));
    expect([started.rowSteps[0], started.doneRows]).toEqual([0, [1]]); // all of the grid for the gap
  });

  it("opens what was given", async () => {
    const masked = maskTokens(await stateAt(4), places(0), tokenizer);
    expect(masked.canvas.editable[0]).toBe(1);
    expect((await idsAfter({ from: masked, seed: 9 })).slice(1)).toEqual([...masked.canvas.ids].slice(1));
    expect(await idsAfter({ from: masked, seed: 9 })).not.toContain(mask);
  });

  it("of nothing is the state as it was", async () => {
    const state = await stateAt(2);
    expect(maskTokens(state, [], tokenizer)).toEqual(state);
  });
});

describe("unlockTokens", () => {
  it("lets a sampler that revises change what was locked, and it alone", async () => {
    const state = await stateAt(0);
    const locked = lockTokens(
      state,
      places(3, 4).map((place) => ({ ...place, token: id("f") })),
      tokenizer,
    );
    const seeds = Array.from({ length: 20 }, (_, seed) => seed);
    const finals = (from: GenerationState) =>
      Promise.all(seeds.map((seed) => idsAfter({ from, seed }, rewriting)));
    expect((await finals(locked)).every((ids) => ids[3] === id("f") && ids[4] === id("f"))).toBe(true);
    const opened = await finals(unlockTokens(locked, places(3)));
    expect(opened.some((ids) => ids[3] !== id("f"))).toBe(true);
    expect(opened.every((ids) => ids[4] === id("f"))).toBe(true);
  });
});

describe("banTokens", () => {
  it("lets another token come, whatever the step, the sampler and the seed", async () => {
    for (const sampler of [inFour, rewriting]) {
      for (let step = 0; step <= 4; step++) {
        const state = await stateAt(step);
        const tokens = [state.canvas.ids[3], id("a"), id("b")].filter((token) => token !== mask);
        const from = banTokens(state, [{ row: 0, position: 3, tokens }], tokenizer);
        for (let seed = 0; seed < 5; seed++) {
          const ids = await idsAfter({ from, seed }, sampler);
          expect(tokens).not.toContain(ids[3]);
          expect(ids).not.toContain(mask);
        }
      }
    }
  });

  it("adds to what was banned before, and goes on to hold in the next fork", async () => {
    const once = banTokens(
      await stateAt(4),
      [{ row: 0, position: 3, tokens: [id("a"), id("b")] }],
      tokenizer,
    );
    const forked = await stateAtStep(await eventsOf({ from: once, seed: 1 }), once.progress.step);
    const twice = banTokens(
      forked,
      [{ row: 0, position: 3, tokens: [id("c"), id("d"), id("e")] }],
      tokenizer,
    );
    const from = maskTokens(twice, places(3), tokenizer);
    for (let seed = 0; seed < 5; seed++) expect((await idsAfter({ from, seed }))[3]).toBe(id("f"));
  });

  it("leaves a token that is not banned where it stands", async () => {
    const state = await stateAt(4);
    const other = state.canvas.ids[3] === id("a") ? id("b") : id("a");
    const banned = banTokens(state, [{ row: 0, position: 3, tokens: [other] }], tokenizer);
    expect([...banned.canvas.ids]).toEqual([...state.canvas.ids]);
    expect(banned.progress).toEqual(state.progress);
  });

  it("of all tokens is refused before any forward", async () => {
    const ban = { row: 0, position: 3, tokens: [..."abcdef"].map(id) };
    const from = banTokens(await stateAt(1), [ban], tokenizer);
    await expect(eventsOf({ from })).rejects.toThrow(/row 0 at position 3, got all banned/);
  });
});

const wrong: [string, { row: number; position: number }, RegExp, RegExp][] = [
  ["outside the rows", { row: 2, position: 3 }, /outside the page of \[2, 8\]/, /outside/],
  ["outside the columns", { row: 0, position: 8 }, /outside/, /outside/],
  ["no whole number", { row: 0, position: 0.5 }, /outside/, /outside/],
  ["on padding", { row: 1, position: 7 }, /which is padding/, /which is not editable/],
];
it.each(wrong)("a place %s is refused by name", async (_, place, sentence, ofBan) => {
  const state = await stateAt(1);
  const refusals: [() => GenerationState, RegExp][] = [
    [() => maskTokens(state, [place], tokenizer), sentence],
    [() => unlockTokens(state, [place]), sentence],
    [() => banTokens(state, [{ ...place, tokens: [id("a")] }], tokenizer), ofBan],
  ];
  for (const [edit, pattern] of refusals) {
    expect(edit).toThrow(pattern);
    try {
      edit();
    } catch (error) {
      expect(DiffusionError.is(error, "PROMPT_INVALID")).toBe(true);
    }
  }
});
