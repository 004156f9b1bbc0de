import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TrainingEvent } from "@textdiffusion/core";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { createMetricsFile } from "./metrics-file.js";

const root = mkdtempSync(join(tmpdir(), "textdiffusion-metrics-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

let path: string;
beforeEach(() => {
  path = join(mkdtempSync(join(root, "run-")), "made", "metrics.jsonl");
});

const started = (step: number, resumed: boolean): TrainingEvent => {
  return { kind: "started", step, steps: 9, resumed, parameterCount: 1, rowCount: 1, rowsPerStep: 1 };
};
const finished = (step: number): TrainingEvent => {
  return { kind: "finished", step, steps: 9, reason: "aborted", elapsedMs: 1 };
};
const write = async (...events: TrainingEvent[]) => {
  const file = createMetricsFile(path);
  for (const event of events) await file.write(event);
};
const lines = () => readFileSync(path, "utf8").split("\n").filter(Boolean);

describe("createMetricsFile", () => {
  it("writes one event a line, whole", async () => {
    const events = [started(0, false), finished(3)];
    await write(...events);
    expect(lines().map((line) => JSON.parse(line))).toEqual(events);
  });

  it("takes away what a resumed run repeats, and a line that a kill cut short", async () => {
    await write(started(0, false), finished(4), finished(5), finished(6));
    appendFileSync(path, '{"kind":"step","step":5,"los');
    await write(started(5, true), finished(9));
    expect(lines().map((line) => JSON.parse(line).step)).toEqual([0, 4, 5, 5, 9]);
  });

  it("begins anew with a new run", async () => {
    await write(started(0, false), finished(0));
    await write(started(0, false));
    expect(lines()).toHaveLength(1);
  });

  it("says which file it cannot write", async () => {
    const file = join(root, "file");
    writeFileSync(file, "");
    path = join(file, "metrics.jsonl");
    await expect(write(started(0, false))).rejects.toMatchObject({
      code: "FILE_NOT_WRITABLE",
      message: expect.stringContaining(path),
    });
  });
});
