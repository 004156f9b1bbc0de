import { describe, expect, it } from "vitest";
import { byteLevelTokenizer } from "../tokenizers/byte-level-tokenizer.js";
import { encodeDocuments, splitDocuments } from "./documents.js";
import { packRows, splitTail } from "./pack-rows.js";
import { rowsFromText } from "./rows-from-text.js";

const tokenizer = byteLevelTokenizer();
const text = "one\r\n\r\n \ntwo\nstill two\n\n\n\nthree";

describe("documents", () => {
  it("are the file, its lines or its paragraphs", () => {
    expect(splitDocuments(text, "file")).toEqual([text]);
    expect(splitDocuments(text, "line")).toEqual(["one", "two", "still two", "three"]);
    expect(splitDocuments(text, "paragraph")).toEqual(["one", "two\nstill two", "three"]);
  });

  it("keep the spaces at the edges of what they hold", () => {
    expect(splitDocuments("  a  \n\n  b", "paragraph")).toEqual(["  a  ", "  b"]);
    expect(splitDocuments("  a  \n\t", "line")).toEqual(["  a  "]);
  });

  it("are refused in another unit, with the known ones listed", () => {
    expect(() => splitDocuments(text, "sentence" as "line")).toThrow(
      /"file", "line", "paragraph", got "sentence"/,
    );
  });

  it("become one stream, each in the model's frame when asked", () => {
    const { begin, end } = tokenizer.special as { begin: number; end: number };
    const [a, b] = [4 + 97, 4 + 98];
    expect([...encodeDocuments(tokenizer, ["ab", "b"])]).toEqual([a, b, b]);
    expect([...encodeDocuments(tokenizer, ["ab", "b"], { frame: true })]).toEqual([
      begin,
      a,
      b,
      end,
      begin,
      b,
      end,
    ]);
    expect(encodeDocuments(tokenizer, [])).toHaveLength(0);
  });
});

describe("packing", () => {
  const stream = Int32Array.from({ length: 11 }, (_, index) => index);

  it("cuts rows that do not overlap and drops the rest", () => {
    expect(packRows(stream, 4).map(({ ids }) => [...ids])).toEqual([
      [0, 1, 2, 3],
      [4, 5, 6, 7],
    ]);
    expect(packRows(stream, 11)).toHaveLength(1);
  });

  it("tells how many tokens there are and are needed", () => {
    expect(() => packRows(stream, 12)).toThrow(
      /expected at least 12 tokens in the text, got 11\. .*\(DATA_INVALID\)/,
    );
    expect(() => packRows(new Int32Array(0), 1)).toThrow(/got 0/);
    for (const rowLength of [0, -1, 1.5, Number.NaN]) {
      expect(() => packRows(stream, rowLength)).toThrow(/expected a row length of at least 1 token/);
    }
  });

  it("holds back the end of the stream", () => {
    const { train, validation } = splitTail(stream, 0.2); // floor(11 * 0.2) = 2
    expect([...train]).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
    expect([...validation]).toEqual([9, 10]);
    expect(splitTail(stream).validation).toHaveLength(1);
    expect(splitTail(stream, 0).train).toHaveLength(11);
    for (const share of [1, -0.1, Number.NaN])
      expect(() => splitTail(stream, share)).toThrow(/CONFIG_INVALID/);
  });
});

describe("rowsFromText", () => {
  it("splits the tokens before it cuts the rows, so no row has both sides", () => {
    const letters = "abcdefghijklmnopqrstuvwxyz";
    const { train, validation } = rowsFromText(tokenizer, letters, { rowLength: 4, validationShare: 0.2 });
    expect(train.map(({ ids }) => tokenizer.decode(ids))).toEqual(["abcd", "efgh", "ijkl", "mnop", "qrst"]);
    expect(validation.map(({ ids }) => tokenizer.decode(ids))).toEqual(["vwxy"]);
    expect(rowsFromText(tokenizer, letters, { rowLength: 26, validationShare: 0 })).toMatchObject({
      validation: [],
    });
  });

  it("names the part that is too short", () => {
    expect(() => rowsFromText(tokenizer, "abcdefgh", { rowLength: 4 })).toThrow(
      /at least 4 tokens in the validation text \(the last 10 %\), got 0/,
    );
    expect(() => rowsFromText(tokenizer, "abc", { rowLength: 4, validationShare: 0 })).toThrow(
      /in the training text, got 3/,
    );
  });
});
