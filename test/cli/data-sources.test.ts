import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, expect, it } from "vitest";
import { runCli } from "./run-cli.js";

const folder = mkdtempSync(join(tmpdir(), "textdiffusion-data-[1](x)-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
mkdirSync(join(folder, "corpus"));
const sentences = Array.from({ length: 60 }, (_, index) => `Sentence ${index} is about an owl and an eel.`);
writeFileSync(join(folder, "corpus/one.txt"), sentences.join("\n"));
writeFileSync(join(folder, "corpus/two.txt.gz"), gzipSync(sentences.join("\n\n")));
const records = sentences.map((text, id) => JSON.stringify({ id, body: { text }, text }));
writeFileSync(join(folder, "some.jsonl"), records.join("\n"));

mkdirSync(join(folder, "records"));
writeFileSync(join(folder, "records/some.jsonl"), records.join("\n"));
mkdirSync(join(folder, "mixed"));
writeFileSync(join(folder, "mixed/a.txt"), sentences.join("\n"));
writeFileSync(join(folder, "mixed/b.jsonl"), records.join("\n"));

let runs = 0;
/** A short training with what the config says. @returns what was told, and whether a model came of it */
async function train(config: object, ...args: string[]) {
  const out = `run-${++runs}`;
  const small = {
    backend: "cpu",
    model: { layers: 1, hidden: 8, heads: 2 },
    training: { steps: 2, batchSize: 2 },
  };
  writeFileSync(join(folder, "some.config.json"), JSON.stringify({ ...small, ...config }));
  const result = await runCli(["train", "--config", "some.config.json", "--out", out, ...args], {
    cwd: folder,
  });
  return { ...result, isTrained: readdirSync(folder).includes(out) };
}

it.each([
  ["a folder, with gzip in it", "corpus"],
  ["a pattern", "corpus/*.txt"],
  ["JSON Lines", "some.jsonl"],
  ["a folder of JSON Lines", "records"],
])("trains on %s", async (_, data) => {
  const { code, stderr } = await train({ data: { rowLength: 16 } }, "--data", data);
  expect(code, stderr).toBe(0);
});

it("trains on a source of the config, whose files count from there, with documents held out by their hash", async () => {
  const source = { name: "json-lines", files: "some.jsonl", text: "body.text", where: { id: { min: 20 } } };
  const { code, stderr } = await train({
    data: { source, split: "hash", validationShare: 0.3, rowLength: 16 },
  });
  expect(code, stderr).toBe(0);
});

it("validates on a text of its own, and trains on pairs of a folder", async () => {
  const { code, stderr } = await train(
    { data: { rowLength: 16 } },
    ...["--data", "corpus/one.txt", "--validation", "corpus/*.gz"],
  );
  expect(code, stderr).toBe(0);
  expect(stderr).toMatch(/validation/i);
  const pairs = sentences.map((response, id) => JSON.stringify({ prompt: `${id}?`, response }));
  mkdirSync(join(folder, "pairs"));
  writeFileSync(join(folder, "pairs/a.jsonl"), pairs.slice(0, 30).join("\n"));
  writeFileSync(join(folder, "pairs/b.jsonl.gz"), gzipSync(pairs.slice(30).join("\n")));
  writeFileSync(join(folder, "more-pairs.jsonl"), pairs.join("\n"));
  const data = { file: "pairs", format: "pairs", rowLength: 64, validation: { file: "more-pairs.jsonl" } };
  const trained = await train({ data });
  expect(trained.code, trained.stderr).toBe(0);
});

it("bad data is refused before anything is written", async () => {
  const source = { name: "json-lines", files: "some.jsonl" };
  const refused: [object, string[], RegExp][] = [
    [{ source: { ...source, text: "body" } }, [], /text in the field body.*DATA_INVALID/],
    [{ source: { ...source, txt: "text" } }, [], /data\.source|source\.txt.*UNKNOWN_OPTION/],
    [{ source: "jsonlines" }, [], /"jsonlines".*Known: .*"json-lines".*UNKNOWN_COMPONENT/],
    [{ file: "mixed" }, [], /one kind in .*mixed.*"json-lines", "text".*DATA_INVALID/],
    [{ source }, ["--data", "corpus"], /data\.file.*data\.source.*CONFIG_INVALID/],
    [{ file: "corpus/one.txt", split: "hash" }, [], /both sides of the split.*DATA_INVALID/],
    [{ source: { ...source, prompt: "body.text" } }, [], /data\.format: "pairs".*CONFIG_INVALID/],
    [{ source, format: "pairs" }, [], /prompt with each text.*CONFIG_INVALID/],
    [{ file: "some.jsonl", format: "pairs", shiftRows: true }, [], /data\.shiftRows.*CONFIG_INVALID/],
    [{ source, streaming: true, shiftRows: true }, [], /data\.shiftRows.*CONFIG_INVALID/],
    [{ source, streaming: true, split: "end" }, [], /data\.split: "hash".*"end".*CONFIG_INVALID/],
    [{ source, streaming: true }, ["--epochs", "2"], /steps with data\.streaming.*CONFIG_INVALID/],
    [{ source, shuffleBuffer: 9 }, [], /shuffleBuffer with data\.streaming.*CONFIG_INVALID/],
    [{ source, validationShare: 0.1 }, ["--validation", "corpus"], /data\.validationShare, got both/],
    [{ source }, ["--validation", "nowhere"], /nowhere.*FILE_NOT_FOUND/],
    [
      { source: { ...source, where: { id: 99 } }, streaming: true },
      [],
      /expected text in the source "json-lines", got none.*DATA_INVALID/,
    ],
  ];
  for (const [data, args, message] of refused) {
    const { code, stderr, isTrained } = await train({ data: { rowLength: 16, ...data } }, ...args);
    expect(stderr).toMatch(message);
    expect([code, isTrained]).toEqual([2, false]);
  }
});

it("a tokenizer is learnt, tokens are counted and a model is scored on whatever a model is trained on", async () => {
  const run = (...args: string[]) => runCli(args, { cwd: folder });
  const joined = sentences.join("");
  writeFileSync(join(folder, "joined.txt"), joined);
  writeFileSync(join(folder, "joined.txt.gz"), gzipSync(joined));
  const { code, stderr } = await train({ data: { rowLength: 16 } }, "--data", "joined.txt");
  expect(code, stderr).toBe(0);
  const model = `run-${runs}`;

  // The sentences one after the other, from a text, from gzip and from records, are the same text.
  const scores = [];
  for (const data of ["joined.txt", "joined.txt.gz", "some.jsonl"]) {
    const scored = await run(
      ...["eval", "--model", model, "--data", data, "--json"],
      ...["--backend", "cpu", "--rows", "4", "--samples", "0"],
    );
    expect(scored.code, scored.stderr).toBe(0);
    const { likelihood, baselines } = JSON.parse(scored.stdout);
    scores.push({ likelihood, baselines });
  }
  expect(scores).toEqual([scores[0], scores[0], scores[0]]);

  const counts = [];
  for (const data of ["joined.txt", "some.jsonl", "records"]) {
    expect(await run("count-tokens", "--data", data, "--out", "counts.json")).toMatchObject({ code: 0 });
    counts.push(JSON.parse(readFileSync(join(folder, "counts.json"), "utf8")));
  }
  expect(counts).toEqual([counts[0], counts[0], counts[0]]);
  expect(counts[0].reduce((sum: number, times: number) => sum + times, 0)).toBe(joined.length);

  const tokenizers: string[] = [];
  for (const data of [
    ["some.jsonl"],
    ["records/*.jsonl"],
    ["corpus"],
    ["corpus/one.txt", "corpus/two.txt.gz"],
  ]) {
    const out = `tokenizer-${tokenizers.length}`;
    expect(
      await run("train-tokenizer", "--data", ...data, "--vocab-size", "300", "--out", out),
    ).toMatchObject({
      code: 0,
    });
    tokenizers.push(readFileSync(join(folder, out, "tokenizer.json"), "utf8"));
  }
  expect(tokenizers[1]).toBe(tokenizers[0]);
  expect(tokenizers[3]).toBe(tokenizers[2]);
});

it.each([
  ["half a file of gzip", "torn.txt.gz", /DATA_INVALID/],
  ["nothing", "nowhere", /FILE_NOT_FOUND/],
  ["files of two kinds", "mixed", /files of one kind.*DATA_INVALID/],
])("%s is refused by each command before anything is written", async (_, data, message) => {
  const whole = gzipSync(sentences.join("\n"));
  writeFileSync(join(folder, "torn.txt.gz"), whole.subarray(0, whole.length / 2));
  for (const args of [
    ["train-tokenizer", "--out", "none"],
    ["count-tokens", "--out", "none"],
    ["eval", "--model", "tiny"],
  ]) {
    const { code, stdout, stderr } = await runCli([...args, "--data", data], { cwd: folder });
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toMatch(message);
  }
  expect(readdirSync(folder)).not.toContain("none");
});
