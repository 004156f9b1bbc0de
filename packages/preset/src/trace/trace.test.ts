import { createHash } from "node:crypto";
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  DiffusionError,
  type ErrorCode,
  forkTrace,
  type GenerationEvent,
  traceHeaderHash,
  verifyTrace,
} from "@textdiffusion/core";
import { composeSampler, confidenceQuota, nothing } from "@textdiffusion/samplers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadTextDiffusion, type TextDiffusion } from "../load-text-diffusion.js";
import { trainTextDiffusion } from "../train-text-diffusion.js";
import { loadTracedModel, tracedSampler } from "./load-traced-model.js";
import { modelHashes } from "./model-hashes.js";
import { readTraceFile } from "./trace-file.js";
import { traceToFile } from "./trace-to-file.js";

const folder = mkdtempSync(join(tmpdir(), "textdiffusion-trace-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const path = (name: string) => join(folder, name);
const out = path("model");
const request = { prompts: ["The sea, ", ["Le café ", { gap: 6 }, " noir"]], seed: 4 } as const;

let model: TextDiffusion;
beforeAll(async () => {
  writeFileSync(path("text.txt"), "Der Mond – ein Löffel. The sea is a café, naïve and blue. ".repeat(40));
  await trainTextDiffusion({
    out,
    backend: "cpu",
    data: { file: path("text.txt"), rowLength: 24 },
    model: { layers: 1, hidden: 16, heads: 2 },
    training: { steps: 20, batchSize: 4, learningRate: 0.01 },
  });
  model = await loadTextDiffusion({ folder: out, backend: "cpu", sampler: { name: "remasking", steps: 6 } });
});
afterAll(() => model.dispose());

async function collected(events: AsyncIterable<GenerationEvent>): Promise<GenerationEvent[]> {
  const all: GenerationEvent[] = [];
  for await (const event of events) all.push(event);
  return all;
}

const refused = (what: Promise<unknown>, code: ErrorCode, sentence: RegExp) =>
  expect(what).rejects.toSatisfy((error) => {
    expect(String(error)).toMatch(sentence);
    return DiffusionError.is(error, code);
  });

describe("a traced generation", () => {
  it("hands on the run's events and keeps them in the file, with what is needed to make it again", async () => {
    const seen = await collected(traceToFile(path("run.jsonl"), model, request));
    expect(seen).toEqual(await collected(model.stream(request)));
    const trace = await readTraceFile(path("run.jsonl"));
    expect(await collected(trace.events)).toEqual(seen);
    expect(trace.ending().texts).toEqual((await model.generate(request)).texts);
    expect(trace.header).toMatchObject({
      seed: 4,
      config: { backend: "cpu", schedule: "linear", sampler: { name: "remasking", steps: 6 } },
      request: { prompts: request.prompts, length: 24, frame: false },
      platform: { node: process.versions.node },
      model: { folder: out, files: await modelHashes(out, "huggingface") },
    });
    expect(Object.keys(trace.header.model?.files ?? {})).toEqual([
      "config.json",
      "model.safetensors",
      "tokenizer.json",
      "tokenizer_config.json",
    ]);
    expect(trace.header.packages.textdiffusion).toMatch(/^\d/);
  });

  it("shows its texts without the model, characters of several bytes too", async () => {
    const trace = await readTraceFile(path("run.jsonl"));
    const tokenizer = await model.get("tokenizer");
    for await (const { kind, ...event } of trace.events) {
      if (kind === "step") continue;
      const { ids } = event as { ids: Int32Array };
      for (const options of [{}, { keepSpecial: true }]) {
        expect(trace.tokenizer.decode(ids, options)).toBe(tokenizer.decode(ids, options));
      }
    }
    const bytes = tokenizer.encode("é");
    expect(bytes.length).toBe(2);
    expect(trace.tokenizer.decode(bytes)).toBe("é"); // it stands in the prompt
  });

  it("is written before its events are seen, so that a run that stops leaves what it has done", async () => {
    const events = traceToFile(path("left.jsonl"), model, request);
    for await (const event of events) if (event.kind === "step" && event.step === 2) break;
    const trace = await readTraceFile(path("left.jsonl"));
    expect((await collected(trace.events)).length).toBe(4);
    expect(trace.ending()).toMatchObject({ complete: false, step: 3, torn: false });
    appendFileSync(path("left.jsonl"), '{"kind":"step","st');
    const torn = await readTraceFile(path("left.jsonl"));
    expect((await collected(torn.events)).length).toBe(4);
    expect(torn.ending()).toMatchObject({ complete: false, step: 3, torn: true });
  });

  it("replaces an earlier trace, and nothing else", async () => {
    const taken = path("taken.txt");
    const record = async () => {
      for await (const _ of traceToFile(taken, model, request));
    };
    for (const theirs of ["A novel.", '{"format":"else"}\n']) {
      writeFileSync(taken, theirs);
      await expect(record()).rejects.toThrow(/earlier trace, got something else.*FILE_NOT_WRITABLE/);
      expect(readFileSync(taken, "utf8")).toBe(theirs);
    }
    for (const ours of ["", '{"format":"textdiff']) {
      writeFileSync(taken, ours);
      await record();
    }
    await record();
    expect((await readTraceFile(taken)).header.seed).toBe(request.seed);
  });

  it("leaves no file when it is refused, and says when it cannot be written", async () => {
    const tooLong = { prompts: ["x".repeat(99)] };
    await refused(collected(traceToFile(path("none.jsonl"), model, tooLong)), "PROMPT_INVALID", /99/);
    expect(existsSync(path("none.jsonl"))).toBe(false);
    const nowhere = path("no/such/folder/run.jsonl");
    await refused(collected(traceToFile(nowhere, model, request)), "FILE_NOT_WRITABLE", /no\/such/);
    await refused(readTraceFile(path("missing.jsonl")), "FILE_NOT_FOUND", /missing/);
  });
});

describe("made again", () => {
  it("is the same run, from the trace alone", async () => {
    const trace = await readTraceFile(path("run.jsonl"));
    const again = await loadTracedModel(trace.header);
    expect(await verifyTrace(trace, again)).toEqual({ equalSteps: 6, confidenceGap: 0 });
    await again.dispose();
  });

  it("names the step in which another sampler differs", async () => {
    const trace = await readTraceFile(path("run.jsonl"));
    const other = await loadTracedModel(trace.header, { sampler: { name: "remasking", steps: 6, topK: 2 } });
    const { difference } = await verifyTrace(trace, other);
    expect(difference?.what).toMatch(/in row \d at position \d+ in the trace/);
    await other.dispose();
  });

  it("needs the same model", async () => {
    const { header } = await readTraceFile(path("run.jsonl"));
    const copy = path("copy");
    cpSync(out, copy, { recursive: true });
    const moved = await loadTracedModel(header, { folder: copy });
    expect(moved.settings).toMatchObject({ folder: copy, denoiser: { folder: copy } });
    await moved.dispose();
    const weights = readFileSync(join(copy, "model.safetensors"));
    weights[weights.length - 1] ^= 1;
    writeFileSync(join(copy, "model.safetensors"), weights);
    await refused(
      loadTracedModel(header, { folder: copy }),
      "MODEL_INVALID",
      /other contents of model\.safetensors \(\w{12} then, \w{12} now\)\./,
    );
    rmSync(join(copy, "tokenizer_config.json"));
    await refused(
      loadTracedModel(header, { folder: copy }),
      "MODEL_INVALID",
      /tokenizer_config\.json .*no such file now/,
    );
    await refused(loadTracedModel(header, { folder: path("nothing") }), "FILE_NOT_FOUND", /nothing/);
    await refused(
      loadTracedModel({ ...header, model: undefined }),
      "MODEL_INVALID",
      /folder of the model, got none/,
    );
  });

  it("knows an ONNX model by its file, another by its weights, whatever else lies there", async () => {
    const both = path("both");
    cpSync(out, both, { recursive: true });
    mkdirSync(join(both, "onnx"));
    writeFileSync(join(both, "onnx/model.onnx"), "graph");
    expect(await modelHashes(both, "huggingface")).toEqual(await modelHashes(out, "huggingface"));
    const { "onnx/model.onnx": graph, ...rest } = await modelHashes(both, { name: "onnx" });
    expect(graph).toBe(createHash("sha256").update("graph").digest("hex"));
    expect(Object.keys(rest)).toEqual(["config.json", "tokenizer.json", "tokenizer_config.json"]);
  });

  it("cannot be, with a sampler that was passed as a value, but can go on with another", async () => {
    const sampler = composeSampler({
      name: "careful",
      token: { temperature: 1 },
      commit: confidenceQuota,
      revise: nothing,
      steps: 5,
    });
    const own = await loadTextDiffusion({ folder: out, backend: "cpu", sampler });
    expect(own.settings.sampler).toEqual({ name: "careful", passedAsValue: true });
    await collected(traceToFile(path("own.jsonl"), own, request));
    const { header } = await readTraceFile(path("own.jsonl"));
    expect(tracedSampler(header)).toBeUndefined();
    await refused(loadTracedModel(header), "UNSUPPORTED", /sampler.*passed as a value/);
    await (await loadTracedModel(header, { sampler: "threshold" })).dispose();
    // The code that made it can do both.
    expect(await verifyTrace(await readTraceFile(path("own.jsonl")), own)).toMatchObject({ equalSteps: 5 });
    await own.dispose();
  });
});

describe("a fork", () => {
  const run = () => readTraceFile(path("run.jsonl"));

  it("with nothing changed is the rest of the run, also when it is forked again, and names its parent", async () => {
    const tokenizer = await model.get("tokenizer");
    const events = await collected((await run()).events);
    const { request: asked, parent } = await forkTrace(await run(), { at: 2 }, tokenizer);
    const rest = await collected(traceToFile(path("fork.jsonl"), model, asked, parent));
    expect(rest.slice(1)).toEqual(events.slice(3));
    const fork = await readTraceFile(path("fork.jsonl"));
    expect(fork.header.parent).toEqual({
      header: await traceHeaderHash((await run()).header),
      step: 2,
      locks: [],
    });
    const again = await forkTrace(fork, { at: 4 }, tokenizer);
    const second = await collected(traceToFile(path("second.jsonl"), model, again.request, again.parent));
    expect(second.slice(1)).toEqual(events.slice(5));
    expect(await verifyTrace(await readTraceFile(path("second.jsonl")), model)).toEqual({
      equalSteps: 2,
      confidenceGap: 0,
    });
    await refused(
      forkTrace(await readTraceFile(path("fork.jsonl")), { at: 1 }, tokenizer),
      "TRACE_INVALID",
      /from 2 to 6.*got 1/,
    );
  });

  it("has what is locked where it was put, and another rest", async () => {
    const tokenizer = await model.get("tokenizer");
    const [token] = tokenizer.encode("Z");
    const locks = [{ row: 0, position: 20, token }];
    const { request: asked, parent } = await forkTrace(await run(), { at: 3, locks, seed: 9 }, tokenizer);
    await collected(traceToFile(path("locked.jsonl"), model, asked, parent));
    const locked = await readTraceFile(path("locked.jsonl"));
    expect(locked.header).toMatchObject({ seed: 9, parent: { step: 3, locks } });
    expect((await collected(locked.events)).at(-1)).toMatchObject({ kind: "finished" });
    expect(locked.ending().texts?.[0]).toContain("Z");
  });
});
