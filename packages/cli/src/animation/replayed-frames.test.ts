import {
  type GenerationEvent,
  openCanvas,
  readTrace,
  reverseLoop,
  traceHeader,
  traceLines,
} from "@textdiffusion/core";
import { pageReducer } from "@textdiffusion/render";
import { fakeDenoiser } from "@textdiffusion/testkit";
import { byteLevelTokenizer, linearSchedule, remaskingSampler, type Tokenizer } from "textdiffusion";
import { describe, expect, it } from "vitest";
import { wordPieceTokenizer } from "../fixtures/word-piece-tokenizer.js";
import { renderFrame } from "./render-frame.js";

/** A run of nonsense: with bytes, characters that are never whole, and pieces of words where no word is. */
function run(tokenizer: Tokenizer, prompt: string): AsyncGenerator<GenerationEvent, void, void> {
  return reverseLoop({
    denoiser: fakeDenoiser({ vocabularySize: tokenizer.vocabularySize, maskTokenId: tokenizer.special.mask }),
    sampler: remaskingSampler({ steps: 6 }),
    schedule: linearSchedule(),
    canvas: openCanvas(tokenizer, { prompts: [prompt, ""], length: 24 }),
    maskTokenId: tokenizer.special.mask,
    seed: 2,
  });
}

async function framesOf(events: AsyncIterable<GenerationEvent>, tokenizer: Tokenizer, wide?: boolean) {
  const reduce = pageReducer(tokenizer, "title", wide);
  const frames: string[] = [];
  let page: ReturnType<typeof reduce> | undefined;
  for await (const event of events) {
    page = reduce(page, event);
    frames.push(renderFrame(page, 60, { confidence: true }));
  }
  return frames;
}

describe.each([
  ["bytes", byteLevelTokenizer, "Le café – 月"],
  ["pieces of words", wordPieceTokenizer, "he found a crab, a hut."],
])("a replay of %s", (_, make, prompt) => {
  it("draws the very frames of the run", async () => {
    const tokenizer = make();
    const header = await traceHeader({ seed: 2, config: {}, request: {}, tokenizer });
    const trace = await readTrace(traceLines(header, run(tokenizer, prompt), tokenizer));
    const replayed = await framesOf(trace.events, trace.tokenizer, trace.header.tokenizer.wideTokens);
    expect(replayed).toEqual(await framesOf(run(tokenizer, prompt), tokenizer));
  });
});
