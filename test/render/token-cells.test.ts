import { INCOMPLETE, tokenCells } from "@textdiffusion/render";
import { byteLevelTokenizer } from "textdiffusion";
import { describe, expect, it } from "vitest";
import { wordPieceTokenizer } from "../../packages/cli/src/fixtures/word-piece-tokenizer.js";

const bytes = byteLevelTokenizer();
const { mask, end } = bytes.special;

/** Cells of a text in which the positions of `masked` are still masks. */
function cellsOf(text: string, masked: readonly number[] = []) {
  const ids = bytes.encode(text);
  for (const position of masked) ids[position] = mask;
  return tokenCells(bytes, ids, new Uint8Array(ids.length).fill(1));
}

describe("tokenCells", () => {
  it("gives each byte of plain text its letter, and a mask nothing", () => {
    expect(cellsOf("fox", [1])).toEqual(["f", undefined, "x"]);
  });

  it("puts a character of several bytes at the first of them", () => {
    expect(cellsOf("aéb")).toEqual(["a", "é", "", "b"]);
    expect(cellsOf("🦊")).toEqual(["🦊", "", "", ""]);
  });

  it.each([
    ["é", [0], [undefined, INCOMPLETE]],
    ["é", [1], [INCOMPLETE, undefined]],
    ["日x", [1], [INCOMPLETE, undefined, INCOMPLETE, "x"]],
    ["🦊x", [3], [INCOMPLETE, INCOMPLETE, INCOMPLETE, undefined, "x"]],
  ])(
    "shows a placeholder for each settled byte of %j while the bytes %j are masked",
    (text, masked, cells) => {
      expect(cellsOf(text, masked)).toEqual(cells);
    },
  );

  it("shows bytes that begin no character as placeholders, and the text around them", () => {
    const broken = Int32Array.of(...bytes.encode("é").subarray(0, 1), ...bytes.encode("ok"));
    expect(tokenCells(bytes, broken, new Uint8Array(3).fill(1))).toEqual([INCOMPLETE, "o", "k"]);
  });

  it("shows nothing for the frame, and the spelling of a special token that was written", () => {
    const ids = Int32Array.of(...bytes.encode("a"), end ?? 0);
    expect(tokenCells(bytes, ids, Uint8Array.of(1, 0))).toEqual(["a", ""]);
    expect(tokenCells(bytes, ids, Uint8Array.of(1, 1))).toEqual(["a", "</s>"]);
  });

  it("disarms control characters", () => {
    expect(cellsOf("\x1b[2J").join("")).toBe("␛[2J");
  });

  it("spaces word pieces as the whole text does, also beside masks", () => {
    const tokenizer = wordPieceTokenizer();
    const ids = tokenizer.encode("he found a crab, inside a hut.");
    const editable = new Uint8Array(ids.length).fill(1);
    expect(tokenCells(tokenizer, ids, editable).join("")).toBe(tokenizer.decode(ids));
    expect(tokenCells(tokenizer, ids, editable).slice(0, 5)).toEqual(["he", " found", " a", " cr", "ab"]);
    ids[1] = ids[3] = tokenizer.special.mask;
    expect(tokenCells(tokenizer, ids, editable).slice(0, 5)).toEqual([
      "he",
      undefined,
      " a",
      undefined,
      "ab",
    ]);
  });
});
