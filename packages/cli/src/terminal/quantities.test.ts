import { describe, expect, it } from "vitest";
import { formatCount, formatDuration, progressBar } from "./quantities.js";

describe("formatDuration", () => {
  it.each([
    [0, "0 ms"],
    [994, "994 ms"],
    [995, "1.0 s"],
    [59_949, "59.9 s"],
    [59_950, "1 m 00 s"],
    [125_400, "2 m 05 s"],
    [3_599_499, "59 m 59 s"],
    [3_599_500, "1 h 00 m"],
    [7_380_000, "2 h 03 m"],
  ])("%d ms is %s", (milliseconds, words) => {
    expect(formatDuration(milliseconds)).toBe(words);
  });
});

describe("formatCount", () => {
  it.each([
    [0, "0"],
    [999, "999"],
    [1000, "1.00 k"],
    [12_345, "12.3 k"],
    [999_600, "1.00 M"],
    [4_567_000, "4.57 M"],
    [1.2e9, "1.20 G"],
  ])("%d is %s", (count, words) => {
    expect(formatCount(count)).toBe(words);
  });
});

describe("progressBar", () => {
  it("fills to its share and never beyond its width", () => {
    expect(progressBar(0.25, 8)).toBe("━━──────");
    expect([progressBar(-1, 4), progressBar(2, 4)]).toEqual(["────", "━━━━"]);
  });
});
