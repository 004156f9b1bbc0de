import { describe, expect, it } from "vitest";
import { readingProgress } from "./reading-progress.js";

/** Reads for 30 s, a document each 50 ms. @returns what was written, and when */
function told(isTTY: boolean, isKnown = false) {
  let time = 0;
  const written: { at: number; text: string }[] = [];
  const stream = { isTTY, columns: 80, write: (text: string) => written.push({ at: time, text }) };
  const progress = readingProgress(stream, () => time);
  for (let document = 1; document <= 600; document++) {
    time += 50;
    progress.show(document, document * 2000, isKnown ? document / 600 : undefined);
  }
  progress.close();
  progress.close();
  return written;
}

describe("reading", () => {
  it("is a line every ten seconds in a log", () => {
    expect(told(false)).toEqual([
      { at: 10_000, text: "Reading: 200 documents, 400 k characters\n" },
      { at: 20_000, text: "Reading: 400 documents, 800 k characters\n" },
      { at: 30_000, text: "Reading: 600 documents, 1.20 M characters\n" },
    ]);
  });
  it("says how much of all that is, where it is known", () => {
    expect(told(false, true).map(({ text }) => text)).toEqual([
      "Reading: 200 documents, 400 k characters (33 %)\n",
      "Reading: 400 documents, 800 k characters (66 %)\n",
      "Reading: 600 documents, 1.20 M characters (100 %)\n",
    ]);
    expect(told(true, true).at(-2)?.text).toContain(`${"━".repeat(20)}  Reading: 600 documents`);
  });
  it("is one line that changes on a terminal, not before it takes a moment, and gives the cursor back", () => {
    const written = told(true);
    expect(written[0].at).toBe(500);
    expect(written.length).toBe(1 + (30_000 - 500) / 100 + 1);
    expect(written.at(-1)?.text).toBe("\n\x1b[?25h");
  });
});
