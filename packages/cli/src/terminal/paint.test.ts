import { describe, expect, it } from "vitest";
import { paintAnsi, paintFor, paintPlain } from "./paint.js";

const terminal = { isTTY: true };

describe("paintFor", () => {
  it.each([
    ["a terminal", terminal, {}, paintAnsi],
    ["a pipe", {}, {}, paintPlain],
    ["NO_COLOR", terminal, { NO_COLOR: "1" }, paintPlain],
    ["an empty NO_COLOR, which says nothing", terminal, { NO_COLOR: "" }, paintAnsi],
    ["a dumb terminal", terminal, { TERM: "dumb" }, paintPlain],
    ["FORCE_COLOR in a pipe", {}, { FORCE_COLOR: "1" }, paintAnsi],
    ["FORCE_COLOR against NO_COLOR", {}, { FORCE_COLOR: "3", NO_COLOR: "1" }, paintAnsi],
    ["FORCE_COLOR=0", terminal, { FORCE_COLOR: "0" }, paintPlain],
  ])("decides for %s", (_, stream, environment, paint) => {
    expect(paintFor(stream, environment)).toBe(paint);
  });
});

describe("paintAnsi", () => {
  it("turns every look off again", () => {
    expect(paintAnsi("fresh", "x")).toBe("\x1b[1;7mx\x1b[0m");
    expect(paintAnsi("plain", "x")).toBe("x");
    expect(paintAnsi("fresh", "")).toBe("");
  });
});
