import { describe, expect, it } from "vitest";
import { displayWidth, printable, splitGraphemes } from "./display-width.js";

describe("displayWidth", () => {
  it.each([
    ["plain letters", "fox", 3],
    ["a letter with an accent of its own", "e\u0301", 1],
    ["wide characters", "日本", 4],
    ["an emoji", "🦊", 2],
    ["a family of four joined emoji", "👨‍👩‍👧‍👦", 2],
    ["half-width forms", "ｶ", 1],
    ["box drawing and blocks", "░━─…", 4],
  ])("counts the columns of %s", (_, text, columns) => {
    expect(displayWidth(text)).toBe(columns);
  });
});

describe("splitGraphemes", () => {
  it("keeps together what a reader calls a character", () => {
    expect(splitGraphemes("e\u0301🦊x")).toEqual(["e\u0301", "🦊", "x"]);
  });
});

describe("printable", () => {
  it("leaves nothing that a terminal would obey", () => {
    const everything = Array.from({ length: 0x3000 }, (_, code) => String.fromCodePoint(code)).join("");
    const dangerous = /\p{Cc}|[\u202a-\u202e\u2066-\u2069]/gu;
    expect(new Set(printable(everything).match(dangerous))).toEqual(new Set(["\n"]));
  });

  it("shows controls as their pictures, tabs as spaces, and keeps line feeds", () => {
    expect(printable("a\x1b[31mb\tc\r\nd\n")).toBe("a␛[31mb  c\nd\n");
  });

  it("leaves words of any script alone", () => {
    expect(printable("café 日本 👨‍👩‍👧 Ω")).toBe("café 日本 👨‍👩‍👧 Ω");
  });
});
