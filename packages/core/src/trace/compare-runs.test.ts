import { fakeDenoiser, letterTokenizer, powerNoise } from "@textdiffusion/testkit";
import { describe, expect, it } from "vitest";
import type { Sampler } from "../contracts/sampler.js";
import type { GenerationEvent, StepFinished } from "../loop/events.js";
import { reverseLoop } from "../loop/reverse-loop.js";
import { openCanvas } from "../pipeline/open-canvas.js";
import { compareRuns } from "./compare-runs.js";

const tokenizer = letterTokenizer("abcdef");
const { vocabularySize, special } = tokenizer;

/** Two masks a step, from the left, of those seen. */
const pairs: Sampler = {
  name: "pairs",
  tokenRule: { temperature: 1 },
  steps: "until-done",
  revises: false,
  request: (row) => row.masked,
  decide: ({ masked }) => ({ commit: masked.length > 1 ? [0, 1] : [0], remask: [] }),
};

async function* run(seed = 1): AsyncGenerator<GenerationEvent> {
  yield* reverseLoop({
    denoiser: fakeDenoiser({ vocabularySize, maskTokenId: special.mask }),
    sampler: pairs,
    schedule: powerNoise(1),
    canvas: openCanvas(tokenizer, { prompts: ["a"], length: 7 }),
    maskTokenId: special.mask,
    seed,
  });
}

/** The run with its event of step 1 changed. */
async function* changed(change: (step: StepFinished) => object): AsyncGenerator<GenerationEvent> {
  for await (const event of run()) {
    yield event.kind === "step" && event.step === 1
      ? ({ ...event, ...change(event) } as GenerationEvent)
      : event;
  }
}

const words = (token: number) => JSON.stringify(tokenizer.token(token));

describe("compareRuns", () => {
  it("finds a run made again equal", async () => {
    expect(await compareRuns(run(), run())).toEqual({ equalSteps: 3, confidenceGap: 0 });
  });

  it("names the first token that differs", async () => {
    const { difference, equalSteps } = await compareRuns(run(1), run(2), words);
    expect(equalSteps).toBeLessThan(3);
    expect(difference?.what).toMatch(
      /^(revealed|other candidates).*( "\w" in row 0 at position \d in the trace, revealed "\w" in row 0|same tokens)/,
    );
  });

  it.each<[string, (step: StepFinished) => object, RegExp]>([
    ["time", ({ t }) => ({ t: t / 2 }), /^t = .* in the trace, .* in the run$/],
    [
      "fewer tokens",
      ({ revealed }) => ({ revealed: revealed.slice(1) }),
      /revealed "\w" in row 0 at position 3 in the trace/,
    ],
    ["more tokens", ({ revealed }) => ({ remasked: revealed }), /nothing more remasked in the trace/],
    ["masks", () => ({ masked: 1 }), /masked 2 in the trace, 1 in the run/],
    ["rows", () => ({ finishedRows: [0] }), /finishedRows/],
    ["forwards", () => ({ forwards: 9 }), /forwards 2 in the trace, 9 in the run/],
    [
      "candidates",
      ({ candidates }) => ({
        candidates: { ...candidates, tokens: candidates.tokens.map((token) => token ^ 1) },
      }),
      /other candidates/,
    ],
  ])("finds a difference in %s, and where it is", async (_, change, sentence) => {
    const { difference, equalSteps } = await compareRuns(run(), changed(change), words);
    expect(equalSteps).toBe(1);
    expect(difference).toEqual({ step: 1, what: expect.stringMatching(sentence) });
  });

  it("measures confidences, which may differ", async () => {
    const nudged = changed(({ revealed }) => ({
      revealed: revealed.map((change) => ({ ...change, entropy: (change.entropy ?? 0) + 0.25 })),
    }));
    const { difference, confidenceGap } = await compareRuns(run(), nudged);
    expect(difference).toBeUndefined();
    expect(confidenceGap).toBeCloseTo(0.25, 12);
    const broken = changed(({ revealed }) => ({
      revealed: revealed.map((change) => ({ ...change, logProb: Number.NaN })),
    }));
    expect((await compareRuns(run(), broken)).confidenceGap).toBe(Number.POSITIVE_INFINITY);
  });

  it("compares as much as a trace has", async () => {
    const begun: GenerationEvent[] = [];
    for await (const event of run()) if (begun.length < 3) begun.push(event);
    expect(await compareRuns(begun, run())).toEqual({ equalSteps: 2, confidenceGap: 0 });
    const short = (async function* () {
      yield* begun;
    })();
    expect((await compareRuns(run(), short)).difference?.what).toBe("the run ends before the trace");
  });
});
