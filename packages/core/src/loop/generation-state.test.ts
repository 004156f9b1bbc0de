import { fakeDenoiser, letterTokenizer, powerNoise } from "@textdiffusion/testkit";
import { describe, expect, it } from "vitest";
import type { Sampler } from "../contracts/sampler.js";
import { DiffusionError } from "../errors/diffusion-error.js";
import { createPipeline } from "../pipeline/pipeline.js";
import type { GenerationEvent } from "./events.js";
import { stateAfter, stateAtStep } from "./generation-state.js";
import { lockTokens } from "./lock-tokens.js";
import { reverseLoop } from "./reverse-loop.js";

const tokenizer = letterTokenizer("abcdef");
const maskTokenId = tokenizer.special.mask;
const denoiser = fakeDenoiser({ vocabularySize: tokenizer.vocabularySize, maskTokenId });

/** One masked position a step, from the left, until none is left. */
const sampler: Sampler = {
  name: "left-to-right",
  tokenRule: { temperature: 1 },
  steps: "until-done",
  revises: false,
  request: (row) => row.masked.slice(0, 2),
  decide: () => ({ commit: [0], remask: [] }),
};

const pipeline = () => createPipeline({ tokenizer, denoiser, sampler, schedule: powerNoise(1) });

async function eventsOf(request: object): Promise<GenerationEvent[]> {
  const events: GenerationEvent[] = [];
  for await (const event of (await pipeline()).stream(request)) events.push(event);
  return events;
}

const run = () => eventsOf({ prompts: ["ab", "abcde"], length: 6, seed: 3 });

describe("stateAtStep", () => {
  it("is the page of that step, and a request that goes on from it gives the rest", async () => {
    const events = await run();
    const state = await stateAtStep(events, 2);
    expect(state.progress).toMatchObject({ step: 2, steps: undefined, doneRows: [1], forwards: 2 });
    expect([...state.progress.rowSteps]).toEqual([2, 1]);
    expect(state.canvas.ids.filter((id) => id === maskTokenId).length).toBe(2);
    expect((await eventsOf({ from: state, seed: 3 })).slice(1)).toEqual(events.slice(3));
  });

  it("reads no event beyond its step", async () => {
    const events = await run();
    const failing = (async function* () {
      yield* events.slice(0, 3);
      throw new Error("read too far");
    })();
    expect((await stateAtStep(failing, 2)).progress.step).toBe(2);
  });

  it.each([-1, 5, 1.5])("refuses step %d of a run of four and says what there is", async (step) => {
    await expect(stateAtStep(await run(), step)).rejects.toSatisfy(
      (error) => DiffusionError.is(error, "TRACE_INVALID") && /from 0 to 4/.test(String(error)),
    );
  });

  it("refuses events that do not follow from each other", async () => {
    const [started, first, second] = await run();
    for (const events of [[first], [started, started], [started, second], [started, first, first]]) {
      await expect(stateAtStep(events, 9)).rejects.toSatisfy((error) =>
        DiffusionError.is(error, "TRACE_INVALID"),
      );
    }
    const stranger = { ...first, revealed: [{ row: 0, position: 3, from: 5, to: 6 }] } as GenerationEvent;
    expect(() => stateAfter(stateAfter(undefined, started), stranger)).toThrow(/a change of 5/);
  });
});

it("a request that goes on from a state has no prompts", async () => {
  const from = await stateAtStep(await run(), 1);
  await expect(eventsOf({ from, prompts: ["a"] })).rejects.toSatisfy((error) =>
    DiffusionError.is(error, "PROMPT_INVALID"),
  );
});

it("progress of another page is refused", async () => {
  const { canvas, progress } = await stateAtStep(await run(), 1);
  const of = (changes: object) =>
    reverseLoop({
      denoiser,
      sampler,
      schedule: powerNoise(1),
      canvas,
      maskTokenId,
      seed: 0,
      progress: { ...progress, ...changes },
    }).next();
  await expect(of({ rowSteps: new Int32Array(3) })).rejects.toThrow(/2 rowSteps.*got 3/);
  await expect(of({ revealLogProbs: new Float64Array(1) })).rejects.toThrow(/12 revealLogProbs.*got 1/);
});

describe("lockTokens", () => {
  const state = async () => stateAtStep(await run(), 1);
  const e = tokenizer.encode("e")[0];

  it("puts a token where it stays, on a mask or over a token", async () => {
    const before = await state();
    const locked = lockTokens(
      before,
      [
        { row: 0, position: 5, token: e },
        { row: 0, position: 2, token: e },
      ],
      tokenizer,
    );
    expect(locked.progress.revealLogProbs[2]).toBeNaN();
    const events = await eventsOf({ from: locked, seed: 3 });
    const { ids } = events.at(-1) as { ids: Int32Array };
    expect([ids[2], ids[5]]).toEqual([e, e]);
    expect(ids).not.toContain(maskTokenId);
    expect(before.canvas.ids[5]).toBe(maskTokenId);
    expect(before.canvas.editable[5]).toBe(1);
  });

  it.each([
    ["outside the rows", { row: 2, position: 5 }, /row 2.*outside the page of \[2, 6\]/],
    ["outside the columns", { row: 0, position: 6 }, /position 6.*outside/],
    ["no whole number", { row: 0, position: 0.5 }, /position 0.5.*outside/],
    ["in the prompt", { row: 0, position: 1 }, /position 1, which is not editable/],
  ])("refuses a place %s", async (_, place, sentence) => {
    const before = await state();
    expect(() => lockTokens(before, [{ ...place, token: e }], tokenizer)).toThrow(sentence);
  });

  it("puts a token where the request allowed others only", async () => {
    const rules = [{ row: 0, position: 5, allowed: ["a", "b"] }];
    const ruled = await eventsOf({ prompts: ["ab", "abcde"], length: 6, seed: 3, rules });
    const locked = lockTokens(await stateAtStep(ruled, 1), [{ row: 0, position: 5, token: e }], tokenizer);
    const { ids } = (await eventsOf({ from: locked, seed: 3 })).at(-1) as { ids: Int32Array };
    expect(ids[5]).toBe(e);
    // Unlocked, the rule goes on to hold in the fork, which knows of it from the events alone.
    const rest = await eventsOf({ from: await stateAtStep(ruled, 1), seed: 3 });
    expect(rest.slice(1)).toEqual(ruled.slice(2));
  });

  it("asks the tokenizer as an object, whose methods may need it", async () => {
    const before = await state();
    const { special, vocabularySize } = tokenizer;
    const asObject = {
      special,
      vocabularySize,
      names: ["z"],
      token(): string {
        return this.names[0];
      },
    };
    expect(lockTokens(before, [{ row: 0, position: 5, token: e }], asObject).canvas.ids[5]).toBe(e);
  });

  it("refuses to lock a place twice", async () => {
    const before = await state();
    const lock = { row: 0, position: 5, token: e };
    expect(() => lockTokens(before, [lock, lock], tokenizer)).toThrow(/twice/);
  });

  it.each([
    ["the mask", maskTokenId],
    ["no id", -1],
    ["an id beyond the vocabulary", 99],
  ])("refuses %s as a token", async (_, token) => {
    const before = await state();
    expect(() => lockTokens(before, [{ row: 0, position: 5, token }], tokenizer)).toThrow(
      /\(TOKEN_OUT_OF_RANGE\)/,
    );
  });
});
