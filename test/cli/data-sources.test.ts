import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
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
  ];
  for (const [data, args, message] of refused) {
    const { code, stderr, isTrained } = await train({ data: { rowLength: 16, ...data } }, ...args);
    expect(stderr).toMatch(message);
    expect([code, isTrained]).toEqual([2, false]);
  }
});
