import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  byName,
  type Callback,
  loadTextDiffusion,
  type TrainingEvent,
  type TrainRequest,
  trainTextDiffusion,
} from "./index.js";

const root = mkdtempSync(join(tmpdir(), "textdiffusion-callbacks-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const path = (name: string) => join(root, name);

const training = { steps: 6, batchSize: 4, learningRate: 0.01, ema: 0.5, saveEvery: 3 };
const small = {
  backend: "onnx",
  data: { file: path("text.txt"), rowLength: 16 },
  model: { layers: 1, hidden: 16, heads: 2 },
  sampler: { name: "confidence", steps: 4 },
  training,
} satisfies Omit<TrainRequest, "out">;

const samples = { name: "samples" as const, every: 2, prompts: ["tide", ""], seed: 3 };
const linesOf = (out: string) =>
  readFileSync(path(`${out}/samples.jsonl`), "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as { step: number; texts: string[] });
const weights = (out: string) => readFileSync(path(`${out}/model.safetensors`));

beforeAll(async () => {
  writeFileSync(path("text.txt"), "tide and time ".repeat(60));
  await trainTextDiffusion({ ...small, out: path("plain") });
});

describe("samples", () => {
  const events: TrainingEvent[] = [];
  beforeAll(async () => {
    await trainTextDiffusion({
      ...small,
      training: { ...training, callbacks: [samples] },
      out: path("sampled"),
      onEvent: (event) => events.push(event),
    });
  });

  it("are written every so many steps, and the first of each told", () => {
    expect(linesOf("sampled").map(({ step }) => step)).toEqual([0, 2, 4, 6]);
    for (const { texts } of linesOf("sampled")) {
      expect(texts).toHaveLength(2);
      expect(texts[0].startsWith("tide")).toBe(true);
    }
    const said = events.flatMap((event) => (event.kind === "said" ? [[event.callback, event.text]] : []));
    expect(said).toEqual(linesOf("sampled").map(({ texts }) => ["samples", texts[0]]));
  });

  it("are what the saved model writes, averaged weights and all", async () => {
    const model = await loadTextDiffusion({ folder: path("sampled"), backend: "onnx" });
    const { texts } = await model.generate({ prompts: samples.prompts, seed: samples.seed });
    await model.dispose();
    expect(linesOf("sampled").at(-1)?.texts).toEqual(texts);
  });

  it("change nothing of the model", () => {
    expect(weights("sampled").equals(weights("plain"))).toBe(true);
  });

  it("are in the file once each, after an interruption behind the newest checkpoint, too", async () => {
    const out = path("resumed");
    const failing: Callback = {
      name: "power cut",
      onEvent: ({ step, kind }) => {
        if (kind === "step" && step === 5) throw new Error("no power");
      },
    };
    const run = { ...small, out };
    await expect(
      trainTextDiffusion({ ...run, training: { ...training, callbacks: [samples, failing] } }),
    ).rejects.toThrow(/callback "power cut" at step 5.*no power.*PLUGIN_FAILED/);
    rmSync(join(out, "checkpoints/step-00000005"), { recursive: true }); // as if that had not been saved
    await trainTextDiffusion({ ...run, resume: true, training: { ...training, callbacks: [samples] } });
    expect(linesOf("resumed")).toEqual(linesOf("sampled"));
    expect(weights("resumed").equals(weights("plain"))).toBe(true);
  });
});

describe("callbacks in a config", () => {
  it("fail before the first step where they can be told to be wrong", async () => {
    const callbacks = [{ ...samples, length: 1000 }];
    const request = { ...small, training: { ...training, callbacks }, out: path("long") };
    await expect(trainTextDiffusion(request)).rejects.toThrow(
      /callback "samples" at step 0.*at most 16 tokens, got 1000.*PROMPT_INVALID/,
    );
    expect(existsSync(path("long/checkpoints/step-00000000"))).toBe(false);
  });

  it.each([
    [
      "an unknown name",
      [byName("sample")],
      /training\.callbacks\.0.*"sample".*"samples", "time-limit".*UNKNOWN_COMPONENT/,
    ],
    [
      "an unknown option",
      [byName({ name: "time-limit", minute: 3 })],
      /training\.callbacks\.0.*minute.*UNKNOWN_OPTION/,
    ],
    [
      "a value that cannot be",
      [samples, { name: "time-limit", minutes: 0 }],
      /training\.callbacks\.1.*CONFIG_INVALID/,
    ],
  ] as const)("refuse %s before anything is written", async (_, callbacks, message) => {
    const request = { ...small, training: { ...training, callbacks }, out: path("refused") };
    await expect(trainTextDiffusion(request)).rejects.toThrow(message);
    expect(existsSync(path("refused"))).toBe(false);
  });

  it("stop a run, whose model is there and which can be resumed", async () => {
    const out = path("limited");
    const callbacks = [{ name: "time-limit", minutes: 1e-9 }] as const;
    const outcome = await trainTextDiffusion({ ...small, training: { ...training, callbacks }, out });
    expect(outcome).toMatchObject({ reason: "stopped", step: 1, stoppedBy: "time-limit" });
    expect(existsSync(join(out, "model.safetensors"))).toBe(true);
    const resumed = await trainTextDiffusion({ ...small, out, resume: true });
    expect(resumed).toMatchObject({ reason: "completed", step: 6 });
    expect(weights("limited").equals(weights("plain"))).toBe(true);
  });
});
