import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  byteLevelTokenizer,
  type PrepareRequest,
  prepareTokens,
  readDocuments,
  saveTokenizer,
  type TrainRequest,
  tokenizerFromFiles,
  trainTextDiffusion,
  trainTokenizer,
} from "../index.js";

const root = mkdtempSync(join(tmpdir(), "textdiffusion-prepare-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const path = (...parts: string[]) => join(root, ...parts);
const lines = (count: number) =>
  Array.from({ length: count }, (_, index) => `${index} waves came, and ${index * 7} went.`);

const texts = { file: path("lines.txt"), documents: "line" } as const;
const small = {
  backend: "cpu",
  model: { layers: 1, hidden: 8, heads: 2 },
  training: { steps: 3, batchSize: 4 },
} satisfies Partial<TrainRequest>;

beforeAll(async () => {
  writeFileSync(texts.file, lines(300).join("\n"));
  writeFileSync(path("many.txt"), lines(40_000).join("\n")); // five batches
  const { files } = await trainTokenizer([lines(300).join("\n")], { vocabularySize: 300 });
  await saveTokenizer(tokenizerFromFiles(files), path("tokenizer"));
});

const prepare = (out: string, request: Partial<PrepareRequest> = {}) =>
  prepareTokens({ data: texts, workers: 0, out: path(out), ...request });

async function trained(out: string, request: Partial<TrainRequest>) {
  await trainTextDiffusion({ ...small, ...request, out: path(out) });
  const validations = readFileSync(path(out, "metrics.jsonl"), "utf8")
    .split("\n")
    .filter((line) => line.includes('"validation"'))
    .map((line) => ({ ...JSON.parse(line), elapsedMs: 0 }));
  return { weights: readFileSync(path(out, "model.safetensors")), validations };
}

const tokensOf = (folder: string) =>
  ["train.tokens", "validation.tokens"].map((name) => readFileSync(path(folder, name)).toString("base64"));

describe("prepared tokens", () => {
  const model = { ...small.model, tokenizer: path("tokenizer") };
  it.each([
    ["a split at the end", { data: texts }, {}],
    ["rows that shift", { data: texts }, { data: { shiftRows: true, rowLength: 16 } }],
    ["a split by hash", { data: { ...texts, split: "hash", validationShare: 0.3 } }, {}],
    ["begin and end tokens", { data: { ...texts, frame: true } }, { data: { frame: true } }],
    ["a vocabulary of its own", { data: texts, model }, { model }],
  ] as const)("train to the same bits as the texts, with %s", async (name, prepared, more) => {
    const folder = `tokens of ${name}`;
    await prepare(folder, prepared);
    const dataOf = (data: object) => ({ rowLength: 16, ...data, ...("data" in more ? more.data : {}) });
    const rest = "model" in more ? { model: more.model } : {};
    const fromTokens = await trained(`from ${folder}`, { ...rest, data: dataOf({ file: path(folder) }) });
    const fromTexts = await trained(`texts of ${name}`, { ...rest, data: dataOf(prepared.data) });
    expect(fromTokens.validations.length).toBeGreaterThan(1);
    expect(fromTokens.validations).toEqual(fromTexts.validations);
    expect(fromTokens.weights.equals(fromTexts.weights)).toBe(true);
  });

  it("are the same files when the work was interrupted, and nothing is done twice", async () => {
    const request = { data: { ...texts, file: path("many.txt"), split: "hash" } } as const;
    const whole = await prepare("whole", request);
    expect(readdirSync(path("whole")).sort()).toEqual(
      [
        "prepared.json",
        "tokenizer.json",
        "tokenizer_config.json",
        "train.tokens",
        "validation.tokens",
      ].sort(),
    );
    for (let interruption = 0; interruption < 2; interruption++) {
      const controller = new AbortController();
      let parts = 0;
      const onProgress = () => ++parts === 2 && controller.abort();
      await expect(
        prepare("broken", { ...request, signal: controller.signal, onProgress }),
      ).rejects.toMatchObject({ code: "ABORTED" });
      // What a kill leaves behind what is known to be written.
      writeFileSync(path("broken/train.tokens"), Buffer.alloc(99), { flag: "a" });
    }
    await expect(trained("early", { data: { file: path("broken") } })).rejects.toMatchObject({
      code: "DATA_INVALID",
      message: expect.stringMatching(/prepared to their end.*Run prepare again/),
    });
    let parts = 0;
    expect(await prepare("broken", { ...request, onProgress: () => parts++ })).toEqual(whole);
    expect(parts).toBeLessThan(3);
    expect(tokensOf("broken")).toEqual(tokensOf("whole"));
    parts = 0;
    expect(await prepare("broken", { ...request, onProgress: () => parts++ })).toEqual(whole);
    expect(parts).toBe(0);
  });

  it("are not mixed up with others", async () => {
    await prepare("some");
    const before = tokensOf("some");
    for (const [request, differs] of [
      [{ data: { ...texts, documents: "paragraph" } }, "documents"],
      [{ data: { ...texts, split: "hash" } }, "hashShare"],
      [{ model }, "tokenizer, vocabularySize"],
      [{ data: { ...texts, file: path("many.txt") } }, "source"],
    ] as const) {
      await expect(prepare("some", request)).rejects.toMatchObject({
        code: "CONFIG_INVALID",
        message: expect.stringContaining(`others of ${differs}`),
      });
    }
    expect(tokensOf("some")).toEqual(before);
    mkdirSync(path("foreign"));
    writeFileSync(path("foreign/notes.txt"), "mine");
    await expect(prepare("foreign")).rejects.toMatchObject({ code: "FILE_NOT_WRITABLE" });
    expect(readdirSync(path("foreign"))).toEqual(["notes.txt"]);
  });

  it("are refused where they do not fit, before anything is written", async () => {
    await prepare("plain");
    await prepare("hashed", { data: { ...texts, split: "hash", validationShare: 0.2 } });
    const file = path("plain");
    for (const [request, message] of [
      [{ data: { file }, model }, /tokenizer that .*plain was prepared with.*CONFIG_INVALID/],
      [{ data: { file, frame: true } }, /begin and end tokens.*CONFIG_INVALID/],
      [{ data: { file, streaming: true } }, /data\.streaming.*CONFIG_INVALID/],
      [{ data: { file, split: "hash" } }, /split that .*plain was prepared with, none.*CONFIG_INVALID/],
      [{ data: { file: path("hashed"), validationShare: 0.1 } }, /0\.2 by hash.*CONFIG_INVALID/],
      [{ data: { file, rowLength: 100_000 } }, /at least 100000 tokens.*DATA_INVALID/],
    ] as const) {
      await expect(trained("refused", request)).rejects.toThrow(message);
      expect(readdirSync(root)).not.toContain("refused");
    }
    await expect(readDocuments({ file, documents: "file" }, [], () => undefined)).rejects.toThrow(
      /got tokens/,
    );
    truncateSync(path("plain/train.tokens"), 500);
    await expect(trained("torn", { data: { file, rowLength: 32 } })).rejects.toMatchObject({
      code: "DATA_INVALID",
    });
    writeFileSync(path("plain/prepared.json"), "{}");
    await expect(trained("refused", { data: { file } })).rejects.toThrow(/what prepare wrote.*DATA_INVALID/);
  });

  it("come from texts that are there, and are no pairs", async () => {
    writeFileSync(path("blank.txt"), "\n \n");
    writeFileSync(path("torn.txt.gz"), gzipSync(lines(300).join("\n")).subarray(0, 600));
    for (const [data, message] of [
      [{ file: path("blank.txt") }, /expected text in .*blank\.txt, got none.*DATA_INVALID/],
      [{ file: path("nowhere.txt") }, /FILE_NOT_FOUND/],
      [{ ...texts, format: "pairs" }, /texts to prepare, got data\.format: "pairs".*CONFIG_INVALID/],
      [{ ...texts, documents: "file", split: "hash" }, /both sides of the split.*DATA_INVALID/],
      [{}, /data\.file or in data\.source.*CONFIG_INVALID/],
      [{ file: path("torn.txt.gz") }, /whole gzip data in .*torn.*DATA_INVALID/],
    ] as const) {
      await expect(prepare("none", { data })).rejects.toThrow(message);
      expect(readdirSync(root)).not.toContain("none");
    }
    expect(byteLevelTokenizer().vocabularySize).toBeLessThan(300); // so `model` above is another one
  });
});
