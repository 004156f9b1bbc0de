import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  loadTextDiffusion,
  type StepFinished,
  type TrainingEvent,
  type TrainRequest,
  thresholdSampler,
  trainTextDiffusion,
} from "./index.js";

const root = mkdtempSync(join(tmpdir(), "textdiffusion-preset-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const path = (name: string) => join(root, name);

const small = {
  backend: "cpu",
  data: { file: path("text.txt"), rowLength: 16 },
  model: { layers: 1, hidden: 16, heads: 2 },
  training: { steps: 4, batchSize: 4, learningRate: 0.01 },
} satisfies Omit<TrainRequest, "out">;

const events: TrainingEvent[] = [];

beforeAll(async () => {
  writeFileSync(path("text.txt"), "tide and time ".repeat(60));
  const outcome = await trainTextDiffusion({
    ...small,
    out: path("model"),
    onEvent: (event) => events.push(event),
  });
  expect(outcome).toEqual({ out: path("model"), reason: "completed", step: 4, steps: 4 });
});

describe("trainTextDiffusion", () => {
  it("tells every event, and writes the same to metrics.jsonl", () => {
    const written = readFileSync(path("model/metrics.jsonl"), "utf8").trim().split("\n");
    expect(written.map((line) => JSON.parse(line))).toEqual(JSON.parse(JSON.stringify(events)));
    expect(events.filter(({ kind }) => kind === "step").length).toBe(4);
  });

  it("writes nothing when it was interrupted while it read its data", async () => {
    const outcome = await trainTextDiffusion({ ...small, out: path("none"), signal: AbortSignal.abort() });
    expect(outcome).toMatchObject({ reason: "aborted", step: 0, steps: 4 });
    expect(existsSync(path("none"))).toBe(false);
  });

  it("leaves the last weights of the run in the folder, and says how they came about", () => {
    const checkpoint = readFileSync(path("model/checkpoints/step-00000004/model.safetensors"));
    expect(readFileSync(path("model/model.safetensors")).equals(checkpoint)).toBe(true);
    expect(JSON.parse(readFileSync(path("model/textdiffusion.json"), "utf8"))).toMatchObject({
      rowLength: 16,
      training: { steps: 4, tokens: 4 * 4 * 16, validationNats: expect.any(Number) },
    });
  });

  it("ends with the best weights where those are wanted, an epoch at a time", async () => {
    const seen: TrainingEvent[] = [];
    const out = path("best");
    const { reason, steps } = await trainTextDiffusion({
      ...small,
      data: { ...small.data, shiftRows: true },
      training: { epochs: 3, batchSize: 4, learningRate: 0.5, result: "best", evaluateEvery: "epoch" },
      out,
      onEvent: (event) => seen.push(event),
    });
    expect(reason).toBe("completed");
    const best = seen.filter((event) => event.kind === "best").at(-1);
    const weights = (file: string) => readFileSync(join(file, "model.safetensors"));
    expect(weights(out).equals(weights(best?.folder ?? ""))).toBe(true);
    expect(seen.filter(({ kind }) => kind === "validation")).toHaveLength(4);
    expect(seen.filter(({ kind }) => kind === "step")).toHaveLength(steps);
    expect(readFileSync(join(out, "textdiffusion.json"), "utf8")).toContain(`"steps": ${best?.step}`);
  });

  it("saves and says so when it is aborted", async () => {
    const controller = new AbortController();
    const outcome = await trainTextDiffusion({
      ...small,
      out: path("aborted"),
      signal: controller.signal,
      onEvent: (event) => {
        if (event.kind === "step" && event.step === 2) controller.abort();
      },
    });
    expect(outcome).toMatchObject({ reason: "aborted", step: 2 });
    expect(existsSync(path("aborted/checkpoints/step-00000002/model.safetensors"))).toBe(true);
    expect(existsSync(path("aborted/model.safetensors"))).toBe(false);
  });

  it("does not write over a model of somebody else, nor over the one that it begins with", async () => {
    for (const out of ["foreign", "model"]) {
      const from = path("model");
      if (out === "foreign") await trainTextDiffusion({ ...small, out: path(out) });
      rmSync(path("foreign/checkpoints"), { recursive: true, force: true });
      const request = {
        backend: "cpu" as const,
        data: small.data,
        training: small.training,
        model: { from },
        out: path(out),
      };
      await expect(trainTextDiffusion(request)).rejects.toMatchObject({ code: "FILE_NOT_WRITABLE" });
    }
  });

  it("refuses rows that are longer than the model that it begins with can read", async () => {
    const request = { ...small, data: { ...small.data, rowLength: 40 }, model: { from: path("model") } };
    await expect(trainTextDiffusion({ ...request, out: path("long") })).rejects.toMatchObject({
      code: "CONFIG_INVALID",
      message: expect.stringMatching(/at most 16 tokens.*got 40/),
    });
    expect(existsSync(path("long"))).toBe(false);
  });
});

describe("loadTextDiffusion", () => {
  it("writes texts of the length that the model was trained with, the same for the same seed", async () => {
    const model = await loadTextDiffusion({ folder: path("model"), backend: "cpu" });
    const [once, again] = [await model.generate({ seed: 5 }), await model.generate({ seed: 5 })];
    expect([once.seq, once.ids]).toEqual([16, again.ids]);
    expect((await model.generate({ seed: 5, length: 7 })).seq).toBe(7);
    expect(model.settings).toEqual({
      folder: path("model"),
      backend: "cpu",
      dtype: "fp32",
      schedule: "linear",
      sampler: { name: "confidence", steps: 64, temperature: 0.7 },
      denoiser: { name: "huggingface", folder: path("model") },
      length: 16,
      frame: false,
    });
    await model.dispose();
  });

  it("takes another sampler by name or as a value", async () => {
    for (const sampler of [{ name: "random", steps: 3 } as const, thresholdSampler({ threshold: 0 })]) {
      const model = await loadTextDiffusion({ folder: path("model"), backend: "cpu", sampler });
      const steps: StepFinished[] = [];
      for await (const event of model.stream()) if (event.kind === "step") steps.push(event);
      expect(steps.length).toBe(sampler.name === "random" ? 3 : 1); // nothing is below a threshold of 0
      await model.dispose();
    }
  });

  it("holds weights as 8-bit integers, which changes the answers a little", async () => {
    const logProbs: Float32Array[] = [];
    for (const dtype of ["fp32", "q8"] as const) {
      const model = await loadTextDiffusion({ folder: path("model"), backend: "onnx", dtype });
      expect(model.settings.dtype).toBe(dtype);
      expect((await model.generate({ seed: 5 })).seq).toBe(16);
      const [denoiser, tokenizer] = [await model.get("denoiser"), await model.get("tokenizer")];
      const ids = new Int32Array(16).fill(tokenizer.special.mask);
      const answer = await denoiser.denoise({
        ...{ batch: 1, seq: 16, ids, attentionMask: new Uint8Array(16).fill(1), time: Float64Array.of(1) },
        positions: Int32Array.of(2, 3),
      });
      logProbs.push(await answer.logProbs());
      answer.dispose();
      await model.dispose();
      expect(tf.findBackend("onnx")).toBeNull();
    }
    const [exact, rounded] = logProbs;
    const drawable = [...exact.keys()].filter((place) => Number.isFinite(exact[place]));
    const largest = Math.max(...drawable.map((place) => Math.abs(exact[place] - rounded[place])));
    expect(largest).toBeGreaterThan(0);
    expect(largest).toBeLessThan(0.1);
  });

  it("says which backend holds such weights, and frees the one that does not", async () => {
    const loading = loadTextDiffusion({ folder: path("model"), backend: "cpu", dtype: "q8" });
    await expect(loading).rejects.toMatchObject({
      code: "BACKEND_UNAVAILABLE",
      message: expect.stringMatching(/backend "onnx".*got "cpu".*dtype "fp32"/),
    });
    expect(tf.engine().state.numTensors).toBe(0);
  });

  it("frees the backend when the folder holds no model", async () => {
    await expect(loadTextDiffusion({ folder: path("nowhere"), backend: "cpu" })).rejects.toMatchObject({
      code: "FILE_NOT_FOUND",
    });
  });
});
