import { expect, it } from "vitest";
import { joinRecordings } from "./join-recordings.js";
import type { Recording } from "./recording.js";

const run: Recording = {
  title: "first",
  batch: 1,
  seq: 3,
  cells: ["To", null, null],
  given: [1, 0, 0],
  wideTokens: true,
  frames: [
    { changes: [[1, " be", 0.5]], masked: 1, forwards: 1, elapsedMs: 10 },
    { changes: [[2, "!", 0.5]], masked: 0, forwards: 2, elapsedMs: 20 },
  ],
};

it("is the recording itself where a run goes on from its step with nothing changed", () => {
  const rest: Recording = {
    ...run,
    cells: ["To", " be", null],
    frames: [{ changes: [[2, "!", 0.5]], masked: 0, forwards: 2, elapsedMs: 10 }],
  };
  expect(joinRecordings(run, 1, rest)).toEqual(run);
});

it("shows what was changed by hand as a frame, and the rest after it, on one clock", () => {
  const rest: Recording = {
    ...run,
    title: "second",
    cells: ["To", null, "?"],
    given: [1, 0, 1], // locked
    frames: [{ changes: [[1, " do", 0.2]], masked: 0, forwards: 3, elapsedMs: 7 }],
  };
  expect(joinRecordings(run, 2, rest)).toEqual({
    ...run,
    title: "second",
    given: [1, 0, 0],
    frames: [
      ...run.frames,
      {
        changes: [
          [1, null],
          [2, "?"],
        ],
        masked: 1,
        forwards: 2,
        elapsedMs: 21,
        edited: true,
      },
      { changes: [[1, " do", 0.2]], masked: 0, forwards: 3, elapsedMs: 28 },
    ],
  });
});
