import { type ConstrainedRow, DiffusionError, type ErrorCode, type Tokenizer } from "@textdiffusion/core";
import { constraintLaws, letterTokenizer } from "@textdiffusion/testkit";
import { describe, expect, it } from "vitest";
import { regexConstraint } from "./regex-constraint.js";

const letters = letterTokenizer("ab01");
const utf8 = new TextEncoder();

/** Tokens of one or more letters, and the bytes of "é" apart: ids 0 end, then the tokens, the mask last. */
const pieces: readonly Uint8Array[] = ["a", "b", "ab", "aba", "0", "00"].map((text) => utf8.encode(text));
const halves = [Uint8Array.of(0xc3), Uint8Array.of(0xa9)];
const subwords: Tokenizer = (() => {
  const bytes = [new Uint8Array(0), ...pieces, ...halves];
  const mask = bytes.length;
  const decode = (ids: ArrayLike<number>) =>
    new TextDecoder().decode(Uint8Array.from(Array.from(ids).flatMap((id) => [...(bytes[id] ?? [])])));
  return {
    vocabularySize: mask + 1,
    special: { mask, end: 0 },
    specialIds: [0, mask],
    encode: () => {
      throw new Error("not used");
    },
    decode,
    token: (id) => (id <= mask ? String(id) : undefined),
    bytes: (id) => (id === 0 || id === mask ? undefined : bytes[id]),
  };
})();

const rowOf = (
  tokenizer: Tokenizer,
  cells: readonly (number | "_")[],
  suppressed = tokenizer.specialIds,
): ConstrainedRow => ({
  row: 3,
  ids: Int32Array.from(cells, (cell) => (cell === "_" ? tokenizer.special.mask : cell)),
  editable: Uint8Array.from(cells, (cell) => Number(cell === "_")),
  attentionMask: new Uint8Array(cells.length).fill(1),
  maskTokenId: tokenizer.special.mask,
  vocabularySize: tokenizer.vocabularySize,
  suppressed,
  restrictionAt: () => undefined,
});
const masks = (count: number): "_"[] => new Array(count).fill("_");

describe.each<[string, Tokenizer, string, readonly (number | "_")[], "gaps" | "row"]>([
  ["letters", letters, "a+b|[01]{4}|(ab)*", masks(4), "gaps"],
  ["letters in two gaps", letters, "a?b*", ["_", "_", 4, "_", "_", "_"], "gaps"],
  ["a row with text in it", letters, "(?:ab)+0?", ["_", 5, "_", "_", "_"], "row"],
  ["subwords", subwords, "(?:ab)*0{0,3}|éa", masks(4), "gaps"],
  ["parts of a character", subwords, "(?:é|a){2}b?", masks(4), "gaps"],
])("the laws of constraints hold for %s", (_, tokenizer, pattern, cells, scope) => {
  for (const suppressed of [tokenizer.specialIds, [tokenizer.special.mask]]) {
    const row = rowOf(tokenizer, cells, suppressed);
    for (const law of constraintLaws(() => regexConstraint({ tokenizer, pattern, scope }), row)) {
      it(`${law.name}, ${suppressed.length} suppressed`, law.run);
    }
  }
  it("completable rows are those with a fill that matches, by enumeration", () => {
    const row = rowOf(tokenizer, cells);
    const opened = regexConstraint({ tokenizer, pattern, scope }).open(row);
    const whole = new RegExp(`^(?:${pattern})$`, "u");
    const open = [...row.ids.keys()].filter((at) => row.editable[at] === 1);
    const runs = scope === "row" ? [[...row.ids.keys()]] : runsOf(open);
    const ids = row.ids.slice();
    let matches = 0;
    const fill = (index: number) => {
      if (index === open.length) {
        const fits = runs.every((run) => {
          const text = tokenizer.decode(run.map((at) => ids[at]));
          return whole.test(text);
        });
        matches += Number(fits);
        expect(opened.completable(ids)).toBe(fits);
        return;
      }
      for (let id = 0; id < tokenizer.vocabularySize; id++) {
        if (tokenizer.specialIds.includes(id)) continue;
        ids[open[index]] = id;
        fill(index + 1);
      }
    };
    fill(0);
    expect(matches).toBeGreaterThan(0);
  });
});

it("special tokens that may be written add no text", () => {
  const row = rowOf(subwords, masks(3), [subwords.special.mask]);
  const opened = regexConstraint({ tokenizer: subwords, pattern: "ab" }).open(row);
  expect(opened.completable(Int32Array.of(3, 0, 0))).toBe(true);
  expect(opened.completable(Int32Array.of(1, 0, 2))).toBe(true);
  expect(opened.completable(Int32Array.of(3, 1, 0))).toBe(false);
});

it("gaps between the same states share one object, so that a device gets it once", () => {
  const row = rowOf(letters, masks(40));
  const opened = regexConstraint({ tokenizer: letters, pattern: "[ab]*" }).open(row);
  const found = opened.candidates(
    row.ids,
    Int32Array.from({ length: 40 }, (_, at) => at),
  );
  expect(new Set(found).size).toBe(1);
});

describe("what cannot match is refused before any forward", () => {
  it.each<[string, ErrorCode, RegExp, () => unknown]>([
    [
      "too few tokens",
      "PROMPT_INVALID",
      /match of \/a\{5\}\/ in the 3 tokens of row 3, positions 0 to 2, got matches of 5 tokens/,
      () => open("a{5}", masks(3)),
    ],
    ["too many tokens", "PROMPT_INVALID", /got matches of 1 to 2 tokens/, () => open("a|bb", masks(3))],
    ["at least", "PROMPT_INVALID", /got matches of 4 to any number of tokens/, () => open("a{4,}", masks(3))],
    ["letters that no token has", "PROMPT_INVALID", /no number of tokens/, () => open("z+", masks(3))],
    [
      "text that does not fit",
      "PROMPT_INVALID",
      /text that can match \/b\+\/ in row 3/,
      () => open("b+", [4, "_"], "row"),
    ],
    [
      "as many patterns as gaps",
      "PROMPT_INVALID",
      /each of the 2 gaps of row 3, got 1/,
      () => open(["a"], ["_", 4, "_"]),
    ],
    [
      "a tokenizer of words",
      "UNSUPPORTED",
      /byte-level/,
      () => regexConstraint({ tokenizer: { ...letters, bytes: () => undefined }, pattern: "a" }),
    ],
  ])("%s", (_, code, sentence, action) => {
    try {
      action();
      expect.fail("expected an error");
    } catch (error) {
      expect(String(error)).toMatch(sentence);
      expect(DiffusionError.is(error, code)).toBe(true);
    }
  });
});

function open(
  pattern: string | readonly string[],
  cells: readonly (number | "_")[],
  scope: "gaps" | "row" = "gaps",
) {
  return regexConstraint({ tokenizer: letters, pattern, scope }).open(rowOf(letters, cells));
}

function runsOf(positions: readonly number[]): number[][] {
  const runs: number[][] = [];
  for (const position of positions) {
    if (runs.at(-1)?.at(-1) === position - 1) runs.at(-1)?.push(position);
    else runs.push([position]);
  }
  return runs;
}
