import { DiffusionError } from "@textdiffusion/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { byteAutomaton } from "./byte-automaton.js";
import { regexAutomaton } from "./regex-automaton.js";

const utf8 = new TextEncoder();

function accepts(pattern: string, flags: string): (bytes: Uint8Array) => boolean {
  const { next, final } = byteAutomaton(regexAutomaton(pattern, flags));
  return (bytes) => {
    let state = 0;
    for (const byte of bytes) {
      state = next[state * 256 + byte];
      if (state < 0) return false;
    }
    return final[state] === 1;
  };
}

const patterns: readonly [pattern: string, flags: string][] = [
  ["a*b|c", ""],
  ["(?:ab|a)+", ""],
  ["[^a]{2,3}", ""],
  [".{0,4}", ""],
  [".*", "s"],
  ["[a-cé]+", "i"],
  ["\\d{2,4}|\\s", ""],
  ["[ä-ÿ😀-😎]+a?", ""],
  ["\\p{L}+", ""],
  ["\\w*[\\u{7fe}-\\u{802}\\u{ffff}-\\u{10001}]", ""],
  ["", ""],
];

describe.each(patterns)("/%s/%s", (pattern, flags) => {
  it("accepts in bytes what JavaScript matches from end to end", () => {
    const [accept, whole] = [accepts(pattern, flags), new RegExp(`^(?:${pattern})$`, `${flags}u`)];
    const letter = fc.constantFrom(
      ..."aAbBcé0 \n",
      "ä",
      "😀",
      "😎",
      "😏",
      "\u{7fe}",
      "\u{7ff}",
      "\u{800}",
      "\u{802}",
      "\u{803}",
      "\u{ffff}",
      "\u{10000}",
      "\u{10001}",
      "\u{10002}",
    );
    fc.assert(
      fc.property(fc.array(letter, { maxLength: 6 }), (letters) => {
        const text = letters.join("");
        expect(accept(utf8.encode(text))).toBe(whole.test(text));
      }),
      { seed: 4, numRuns: 400 },
    );
  });
});

it("splits every range of code points into bytes that are in it, and no others", () => {
  const edges = [
    0, 1, 0x7f, 0x80, 0x7ff, 0x800, 0xfff, 0x1000, 0xd7ff, 0xe000, 0xffff, 0x10000, 0x3ffff, 0x10ffff,
  ];
  const point = fc.oneof(fc.constantFrom(...edges), fc.integer({ min: 0, max: 0x10ffff }));
  const isText = (code: number) => code < 0xd800 || code > 0xdfff;
  fc.assert(
    fc.property(point, point, (one, other) => {
      const [min, max] = [Math.min(one, other), Math.max(one, other)];
      const automaton = byteAutomaton({
        states: [
          { final: false, moves: [{ min, max, to: 1 }] },
          { final: true, moves: [] },
        ],
      });
      for (const code of [min - 1, min, min + 1, (min + max) >> 1, max - 1, max, max + 1, ...edges]) {
        if (code < 0 || code > 0x10ffff || !isText(code)) continue;
        let state = 0;
        for (const byte of utf8.encode(String.fromCodePoint(code)))
          state = state < 0 ? -1 : automaton.next[state * 256 + byte];
        expect(state === 1).toBe(code >= min && code <= max);
      }
    }),
    { seed: 9, numRuns: 500 },
  );
});

it.each<[string, string, RegExp]>([
  ["a(", "", /got Invalid regular expression: \/a\(\/u.*Correct the pattern/],
  ["^a$", "", /Leave \^ and \$ out/],
  ["(a+)\\1", "", /back references/],
  ["a(?=b)", "", /assertions/],
  ["\\ba", "", /assertions/],
  ["a", "g", /flags among "i", "s" and "u", got "g"/],
])("refuses /%s/%s", (pattern, flags, sentence) => {
  try {
    regexAutomaton(pattern, flags);
    expect.fail("expected an error");
  } catch (error) {
    expect(String(error)).toMatch(sentence);
    expect(DiffusionError.is(error, "CONFIG_INVALID")).toBe(true);
  }
});
