import { stripVTControlCharacters } from "node:util";
import { openCanvas, reverseLoop } from "@textdiffusion/core";
import { displayWidth, pageReducer } from "@textdiffusion/render";
import { oracleDenoiser } from "@textdiffusion/testkit";
import { byteLevelTokenizer, linearSchedule, randomSampler } from "textdiffusion";
import { describe, expect, it } from "vitest";
import { paintAnsi, paintPlain } from "../terminal/paint.js";
import type { TimedPage } from "./run-contender.js";
import { pagesSideBySide, replaySideBySide } from "./side-by-side.js";

const tokenizer = byteLevelTokenizer();
const [left, right] = await Promise.all([
  run("The tide was low.", 4, 2),
  run("The moon stood over the bay\nand 漢字 on the sail.", 9, 1),
]);
const text = (frame: string) => stripVTControlCharacters(frame).split("\n");

describe("pages side by side", () => {
  it.each([59, 80, 200])("stand in two columns of the same width, on %i columns", (width) => {
    for (const step of [0, 2, 4]) {
      const lines = text(pagesSideBySide([left[step].page, right[step].page], width, both));
      const bars = lines.map((line) => displayWidth(line.slice(0, line.indexOf("│"))));
      expect(new Set(bars)).toEqual(new Set([Math.floor((width - 3) / 2) + 1]));
      for (const line of lines) expect(displayWidth(line)).toBeLessThanOrEqual(width);
    }
  });
  it("stand one below the other on a narrow terminal", () => {
    const lines = text(pagesSideBySide([left[left.length - 1].page, right[right.length - 1].page], 40, both));
    expect(lines.join("\n")).not.toContain("│");
    expect(lines.findIndex((line) => line.includes("The tide"))).toBeLessThan(
      lines.findIndex((line) => line.includes("The moon")),
    );
  });
});

describe("a replay side by side", () => {
  const screen = () => {
    const written: string[] = [];
    return {
      written,
      stream: { isTTY: true, columns: 90, rows: 20, write: (part: string) => written.push(part) },
    };
  };

  it("ends with both texts whole, whichever takes longer", async () => {
    for (const runs of [
      [left, right],
      [right, left],
    ]) {
      const { written, stream } = screen();
      await replaySideBySide(runs, { stream, paint: paintPlain });
      const last = text(written.at(-2) ?? "").join("\n");
      for (const piece of ["The tide was low.", "The moon stood over the bay", "and 漢字 on the sail."])
        expect(last).toContain(piece);
      expect(last).not.toContain("░");
      expect(written.at(-1)).toContain("\x1b[?25h"); // the cursor is back
    }
  });
  it("ends when it is interrupted, and gives the cursor back", async () => {
    const { written, stream } = screen();
    await replaySideBySide([left, right], { stream, paint: paintPlain, signal: AbortSignal.abort() });
    expect(written.join("")).not.toContain("The tide was low.");
  });
});

// --- internal ---

const both = [{ paint: paintAnsi }, { paint: paintAnsi }];

/** A run whose every step takes so many milliseconds. */
async function run(text: string, steps: number, stepMs: number): Promise<TimedPage[]> {
  const ids = tokenizer.encode(text);
  const reduce = pageReducer(tokenizer, text.slice(4, 8));
  const pages: TimedPage[] = [];
  const events = reverseLoop({
    denoiser: oracleDenoiser({ vocabularySize: tokenizer.vocabularySize, text: ids }),
    sampler: randomSampler({ steps }),
    schedule: linearSchedule(),
    canvas: openCanvas(tokenizer, { length: ids.length }),
    maskTokenId: tokenizer.special.mask,
    seed: 1,
  });
  for await (const event of events)
    pages.push({ page: reduce(pages.at(-1)?.page, event), atMs: pages.length * stepMs });
  return pages;
}
