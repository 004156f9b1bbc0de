import { openCanvas, reverseLoop } from "@textdiffusion/core";
import { type Recording, record, recordAll, replayHtml } from "@textdiffusion/render";
import { oracleDenoiser } from "@textdiffusion/testkit";
import {
  byteLevelTokenizer,
  linearSchedule,
  randomSampler,
  remaskingSampler,
  type Sampler,
} from "textdiffusion";
import { describe, expect, it, vi } from "vitest";

const tokenizer = byteLevelTokenizer();
const verse = "Le café – 月\nund so";

function run(sampler: Sampler, prompt = "Le ", rows = 1) {
  const text = tokenizer.encode(verse);
  return reverseLoop({
    denoiser: oracleDenoiser({ vocabularySize: tokenizer.vocabularySize, text }),
    sampler,
    schedule: linearSchedule(),
    canvas: openCanvas(tokenizer, { prompts: new Array<string>(rows).fill(prompt), length: text.length }),
    maskTokenId: tokenizer.special.mask,
    seed: 4,
  });
}

/** What each frame shows: the changes, one after another. */
function pagesOf({ cells, frames }: Recording): (string | null)[][] {
  const pages = [[...cells]];
  for (const { changes } of frames) {
    const page = [...pages[pages.length - 1]];
    for (const [index, text] of changes) page[index] = text;
    pages.push(page);
  }
  return pages;
}

describe("a recording", () => {
  it("goes from the prompt among masks to the text, as many masks in each frame as it says", async () => {
    const recording = await recordAll(run(randomSampler({ steps: 6 })), tokenizer, { title: "random" });
    const pages = pagesOf(recording);
    expect(pages[0].slice(0, 4)).toEqual(["L", "e", " ", null]);
    expect(recording.given.slice(0, 4)).toEqual([1, 1, 1, 0]);
    expect(pages).toHaveLength(7);
    recording.frames.forEach(({ masked }, step) => {
      expect(pages[step + 1].filter((text) => text === null)).toHaveLength(masked);
    });
    expect(pages[6].join("")).toBe(verse);
    expect(recording.frames[5].forwards).toBe(6);
  });

  it("shows tokens that were masked again as masks", async () => {
    const recording = await recordAll(run(remaskingSampler({ steps: 6 })), tokenizer, { title: "remasking" });
    const pages = pagesOf(recording);
    const back = recording.frames.flatMap(({ changes }, step) =>
      changes.filter(([index, text]) => text === null && pages[step][index] !== null),
    );
    expect(back.length).toBeGreaterThan(0);
    expect(pages.at(-1)?.join("")).toBe(verse);
  });

  it("hands every event on, holds every row, and is plain JSON", async () => {
    const { events, recording } = record(run(randomSampler({ steps: 3 }), "", 2), tokenizer, {
      title: "two",
      timed: true,
    });
    const kinds: string[] = [];
    for await (const { kind } of events) kinds.push(kind);
    expect(kinds).toEqual(["started", "step", "step", "step", "finished"]);
    const whole = recording();
    expect(whole.cells).toHaveLength(2 * whole.seq);
    expect(pagesOf(whole).at(-1)?.join("")).toBe(verse + verse);
    expect(JSON.parse(JSON.stringify(whole))).toEqual(whole);
    const times = whole.frames.map(({ elapsedMs }) => elapsedMs as number);
    expect(times).toEqual([...times].sort((a, b) => a - b));
  });

  it("times the run, not who watches it", async () => {
    vi.useFakeTimers({ toFake: ["performance"] });
    try {
      const watch = () => vi.advanceTimersByTime(400);
      const slowRun = (async function* () {
        for await (const event of run(randomSampler({ steps: 3 }))) {
          vi.advanceTimersByTime(7);
          yield event;
        }
      })();
      const { events, recording } = record(slowRun, tokenizer, { title: "slow eyes", timed: true });
      for await (const _ of events) watch();
      expect(recording().frames.map(({ elapsedMs }) => elapsedMs)).toEqual([14, 21, 28]);
    } finally {
      vi.useRealTimers();
    }
  });

  it("says that there is nothing before the first event", () => {
    const { recording } = record(run(randomSampler({ steps: 3 })), tokenizer, { title: "none" });
    expect(recording).toThrow(/read the events first/);
    expect(() => replayHtml([])).toThrow(/at least one recording.*CONFIG_INVALID/);
  });
});
