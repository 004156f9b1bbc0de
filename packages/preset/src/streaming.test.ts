import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { type TrainingEvent, type TrainRequest, trainTextDiffusion } from "./index.js";

const root = mkdtempSync(join(tmpdir(), "textdiffusion-streaming-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const path = (...parts: string[]) => join(root, ...parts);
const lines = Array.from({ length: 300 }, (_, index) => `${index} waves came, and ${index * 7} went.`);
writeFileSync(path("lines.txt"), lines.join("\n"));

const streaming = {
  backend: "cpu",
  data: { file: path("lines.txt"), documents: "line", rowLength: 16, streaming: true, shuffleBuffer: 24 },
  model: { layers: 1, hidden: 8, heads: 2 },
  training: { steps: 30, batchSize: 4, accumulate: 2, saveEvery: 5, keepCheckpoints: 9 },
} satisfies Omit<TrainRequest, "out">;

async function run(out: string, request: Partial<TrainRequest> = {}, stopAt = Infinity) {
  const controller = new AbortController();
  const events: TrainingEvent[] = [];
  await trainTextDiffusion({
    ...streaming,
    ...request,
    out: path(out),
    signal: controller.signal,
    onEvent: (event) => {
      events.push(event);
      if (event.kind === "step" && event.step === stopAt) controller.abort();
    },
  });
  return events;
}

const weights = (...parts: string[]) => readFileSync(path(...parts, "model.safetensors"));

it("ends with the same bits when it stopped twice, in the middle of a block and behind the end of the data", async () => {
  const events = await run("whole");
  expect(events[0]).toMatchObject({ kind: "started", rowCount: undefined });
  expect(events.filter(({ kind }) => kind === "validation")).toHaveLength(2);

  await run("stopped", {}, 7);
  await run("stopped", { resume: true }, 22);
  await run("stopped", { resume: true });
  expect(weights("stopped").equals(weights("whole"))).toBe(true);

  // Read several times over.
  const two = { data: { ...streaming.data, file: path("short.txt") } };
  writeFileSync(path("short.txt"), lines.slice(0, 40).join("\n"));
  await run("short", two);
  await run("short stopped", two, 17);
  await run("short stopped", { ...two, resume: true });
  expect(weights("short stopped").equals(weights("short"))).toBe(true);
});

it("does not go on with other data, or another buffer", async () => {
  await run("begun", {}, 3);
  for (const change of [
    { shuffleBuffer: 25 },
    { streaming: undefined, shuffleBuffer: undefined, split: "hash" as const },
  ]) {
    const data = { ...streaming.data, ...change };
    await expect(run("begun", { data, resume: true })).rejects.toMatchObject({ code: "CHECKPOINT_INVALID" });
  }
  writeFileSync(path("lines.txt"), `${lines.join("\n")}\none more`);
  await expect(run("begun", { resume: true })).rejects.toMatchObject({ code: "CHECKPOINT_INVALID" });
  writeFileSync(path("lines.txt"), lines.join("\n"));
});

it("trains as well without anything held out, or with documents of its own to validate on", async () => {
  const data = { ...streaming.data, validationShare: 0 };
  const none = await run("none", { data, training: { ...streaming.training, steps: 2 } });
  expect(none.some(({ kind }) => kind === "validation")).toBe(false);
  const validation = { file: path("lines.txt") };
  const some = await run("some", {
    data: { ...streaming.data, validation },
    training: { ...streaming.training, steps: 2 },
  });
  expect(some.some(({ kind }) => kind === "validation")).toBe(true);
  // Which documents those are decides nothing of the weights.
  expect(weights("some").equals(weights("none"))).toBe(true);
});
