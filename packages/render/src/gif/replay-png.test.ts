import { decode } from "fast-png";
import { GifReader } from "omggif";
import { describe, expect, it } from "vitest";
import type { Recording } from "../recording.js";
import { replayText } from "../replay-text.js";
import { replayGif } from "./replay-gif.js";
import { replayPng } from "./replay-png.js";

const verse = "To be, or not";

/** Settles one cell a step, the last first. */
const recording: Recording = {
  title: "backwards",
  batch: 1,
  seq: verse.length,
  cells: [...verse].map(() => null),
  given: [...verse].map(() => 0),
  wideTokens: false,
  frames: [...verse].map((_, step) => {
    const index = verse.length - 1 - step;
    return { changes: [[index, verse[index], 0.5]], masked: index, forwards: step + 1 };
  }),
};

describe("a strip", () => {
  it("has the first and the last frame of the GIF at its ends, in the same colours", () => {
    const reader = new GifReader(replayGif([recording]));
    const { width, height } = reader;
    const frame = new Uint8Array(width * height * 4);
    reader.decodeAndBlitFrameRGBA(0, frame);
    const png = decode(replayPng([recording], { pages: 2 }));
    expect(png.width).toBe(width);
    const first = rgb(frame);
    for (let index = 1; index < reader.numFrames(); index++) reader.decodeAndBlitFrameRGBA(index, frame);
    const last = rgb(frame);
    const half = png.data.length / 2; // pages of one line are alike in height
    expect([...png.data.slice(0, half)]).toEqual(first.slice(0, half));
    expect([...png.data.slice(half)]).toEqual(last.slice(0, half));
    expect(first).not.toEqual(last);
  });

  it("has as many pages as are asked for", () => {
    const heights = [2, 3, 6].map((pages) => decode(replayPng([recording], { pages })).height / pages);
    expect(new Set(heights).size).toBe(1);
    for (const pages of [1, 2.5]) expect(() => replayPng([recording], { pages })).toThrow(/at least 2 pages/);
    expect(() => replayPng([])).toThrow(/at least one recording.*CONFIG_INVALID/);
  });
});

describe("a text", () => {
  it("has every step, a block for each mask, and the whole text at its end", () => {
    const pages = replayText([recording])
      .split(/^backwards {2}step /m)
      .slice(1);
    expect(pages).toHaveLength(verse.length + 1);
    pages.forEach((page, step) => {
      const left = verse.length - step;
      expect(page.startsWith(`${step}/${verse.length}  ${left} masked\n\n`)).toBe(true);
      expect(page).toContain("░".repeat(left) + verse.slice(left).trimEnd());
      expect(page.match(/░/g)?.length ?? 0).toBe(left);
    });
  });
});

const rgb = (rgba: Uint8Array) => [...rgba].filter((_, index) => index % 4 !== 3);
