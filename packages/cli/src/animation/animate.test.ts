import { type GenerationEvent, openCanvas, reverseLoop } from "@textdiffusion/core";
import { oracleDenoiser } from "@textdiffusion/testkit";
import { byteLevelTokenizer, linearSchedule, randomSampler } from "textdiffusion";
import { describe, expect, it } from "vitest";
import { paintPlain } from "../terminal/paint.js";
import { animate } from "./animate.js";

const tokenizer = byteLevelTokenizer();
const text = "The tide was low.";

function generation(): AsyncGenerator<GenerationEvent, void, void> {
  return reverseLoop({
    denoiser: oracleDenoiser({ vocabularySize: tokenizer.vocabularySize, text: tokenizer.encode(text) }),
    sampler: randomSampler({ steps: 4 }),
    schedule: linearSchedule(),
    canvas: openCanvas(tokenizer, { length: text.length }),
    maskTokenId: tokenizer.special.mask,
    seed: 1,
  });
}

async function drain(events: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of events);
}

const [hideCursor, showCursor] = ["\x1b[?25l", "\x1b[?25h"];

describe("animate", () => {
  const screen = () => {
    const written: string[] = [];
    const stream = { isTTY: true, columns: 60, rows: 10, write: (part: string) => written.push(part) };
    return { written, options: { tokenizer, title: "random", stream, paint: paintPlain } };
  };

  it("draws one frame for each event, hands all events on, and leaves the text on the screen", async () => {
    const { written, options } = screen();
    const kinds: string[] = [];
    for await (const event of animate(generation(), options)) kinds.push(event.kind);
    expect(kinds).toEqual(["started", "step", "step", "step", "step", "finished"]);
    expect(written.length).toBe(kinds.length + 1);
    expect(written[0]).toContain(hideCursor);
    expect(written.at(-2)).toContain(text);
    expect(written.at(-1)).toContain(showCursor);
  });

  it("gives the cursor back when the generation fails", async () => {
    const { written, options } = screen();
    const failing = (async function* () {
      for await (const event of generation()) {
        if (event.kind === "step") throw new Error("the power went out");
        yield event;
      }
    })();
    const events = animate(failing, options);
    await expect(drain(events)).rejects.toThrow("the power went out");
    expect(written.at(-1)).toContain(showCursor);
  });

  it("gives the cursor back and stops the generation when it is left early", async () => {
    const { written, options } = screen();
    const events = generation();
    for await (const event of animate(events, options)) if (event.kind === "step") break;
    expect(written.at(-1)).toContain(showCursor);
    expect(await events.next()).toEqual({ done: true, value: undefined });
  });
});
