import { GifReader } from "omggif";
import { describe, expect, it } from "vitest";
import type { Recording } from "../recording.js";
import { glyphCharacters } from "./glyph-data.js";
import { glyphHeight, glyphOf, glyphWidth } from "./glyphs.js";
import { replayGif } from "./replay-gif.js";

const verse = "Who's there?\nNay, answer me: stand & unfold yourself.";

/** Settles one cell a step, the last first. */
function backwards(text: string, changes: Partial<Recording> = {}): Recording {
  const cells = [...text];
  return {
    title: "backwards",
    batch: 1,
    seq: cells.length,
    cells: cells.map(() => null),
    given: cells.map(() => 0),
    wideTokens: false,
    frames: cells.map((_, step) => {
      const index = cells.length - 1 - step;
      return { changes: [[index, cells[index], 0.5]], masked: index, forwards: step + 1 };
    }),
    ...changes,
  };
}

/** Each frame as it is seen, drawn over those before it, by another reader of GIFs. */
function framesOf(gif: Uint8Array) {
  const reader = new GifReader(gif);
  const { width, height } = reader;
  const pixels = new Uint8Array(width * height * 4);
  return Array.from({ length: reader.numFrames() }, (_, frame) => {
    reader.decodeAndBlitFrameRGBA(frame, pixels);
    return { width, height, pixels: pixels.slice(), delay: reader.frameInfo(frame).delay };
  });
}

/** The text of a picture: each cell of the page compared to each character of the font. */
function read(
  { width, height, pixels }: ReturnType<typeof framesOf>[number],
  columns: number,
  left = 2 * glyphWidth,
): string {
  const top = Math.round(2.6 * glyphHeight);
  const lines: string[] = [];
  const inks = [...glyphCharacters].map((character) => [character, inkOf(glyphOf(character))] as const);
  for (let y = top; y + glyphHeight <= height; y += glyphHeight) {
    let line = "";
    for (let column = 0; column < columns; column++) {
      const ink: number[] = [];
      for (let row = 0; row < glyphHeight; row++) {
        for (let x = 0; x < glyphWidth; x++) {
          const at = 4 * ((y + row) * width + left + column * glyphWidth + x);
          ink.push(pixels[at] === 22 && pixels[at + 1] === 24 ? 0 : 1);
        }
      }
      line += inks.find(([, known]) => known === ink.join(""))?.[0] ?? "#";
    }
    lines.push(line.trimEnd());
  }
  return lines.join("\n").trimEnd();
}

const inkOf = (glyph: Uint8Array) => Array.from(glyph, (level) => (level > 0 ? 1 : 0)).join("");

describe("a GIF", () => {
  it("has a frame for each step, and at its end the text, for another reader", () => {
    const frames = framesOf(replayGif([backwards(verse)], { columns: 30 }));
    expect(frames).toHaveLength(verse.length + 1);
    expect(read(frames[frames.length - 1], 30)).toBe(
      "Who's there?\nNay, answer me: stand & unfold\nyourself.",
    );
  });

  it("shows what is settled at its place, marked, and blocks for the rest", () => {
    const frames = framesOf(replayGif([backwards("stand!")], { columns: 16 }));
    expect(read(frames[0], 16)).toBe("######");
    expect(read(frames[3], 16)).toBe("####d!"); // "n" is marked
    expect(read(frames[6], 16)).toBe("stand!");
  });

  it("plays a run of untimed steps in at least three seconds, then rests", () => {
    const frames = framesOf(replayGif([backwards("stand!")], { holdMs: 1500 }));
    const total = frames.slice(0, -1).reduce((sum, { delay }) => sum + 10 * delay, 0);
    expect(total).toBeGreaterThanOrEqual(2940);
    expect(total).toBeLessThanOrEqual(3060);
    expect(frames[frames.length - 1].delay).toBe(150);
  });

  it("shows a fast run in frames as far apart as the eye can tell, its first and its last page among them", () => {
    const text = "a".repeat(120);
    const recording = backwards(text);
    const fast = recording.frames.map((frame, step) => ({ ...frame, elapsedMs: 14 * (step + 1) })); // 25 ms a step
    const frames = framesOf(replayGif([{ ...recording, frames: fast }], { columns: 60 }));
    expect(read(frames[0], 60)).toBe(`${"#".repeat(60)}\n${"#".repeat(60)}`);
    expect(read(frames[frames.length - 1], 60).replace("\n", "")).toBe(text);
    expect(frames.length).toBeGreaterThan(55); // every other step
    expect(frames.length).toBeLessThanOrEqual(101); // 3 seconds of 30 ms
  });

  it("keeps the blocks of a mask together where tokens are words", () => {
    const cells = Array.from({ length: 9 }, () => null);
    const given = cells.map((): 0 => 0);
    const masks: Recording = { ...backwards("a"), seq: 9, cells, given, wideTokens: true, frames: [] };
    expect(read(framesOf(replayGif([masks], { columns: 17 }))[0], 17)).toBe(
      " ### ### ### ###\n### ### ### ###\n###",
    );
  });

  it("puts several side by side, by one clock", () => {
    const timed = (text: string, ms: number) => {
      const recording = backwards(text);
      return {
        ...recording,
        frames: recording.frames.map((frame, step) => ({ ...frame, elapsedMs: ms * (step + 1) })),
      };
    };
    const frames = framesOf(replayGif([timed("slow!!", 1000), timed("quick!", 1)], { columns: 16 }));
    const right = 4 * glyphWidth + 16 * glyphWidth;
    expect(read(frames[2], 16, right)).toBe("quick!");
    expect(read(frames[2], 16)).not.toBe("slow!!");
    expect(read(frames[frames.length - 1], 16)).toBe("slow!!");
  });

  it("draws a box for what the font lacks, two for wide characters", () => {
    const frames = framesOf(replayGif([backwards("a月b")], { columns: 16 }));
    expect(read(frames[frames.length - 1], 16)).toBe("a▯▯b");
  });

  it("is refused for nothing, and for lines without room", () => {
    expect(() => replayGif([])).toThrow(/at least one recording.*CONFIG_INVALID/);
    expect(() => replayGif([backwards("a")], { columns: 3 })).toThrow(/16 characters.*CONFIG_INVALID/);
  });
});
