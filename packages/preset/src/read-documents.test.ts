import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { readDocuments } from "./read-documents.js";
import { trainTextDiffusion } from "./train-text-diffusion.js";

const folder = mkdtempSync(join(tmpdir(), "textdiffusion-reading-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const texts = Array.from({ length: 50 }, (_, index) => `Owl ${index} met an eel near the bay.`);
const file = join(folder, "owls.jsonl");
writeFileSync(file, texts.map((text) => JSON.stringify({ text })).join("\n"));

describe("reading documents", () => {
  it("tells after each how many there were, and how long they are", async () => {
    const told: [number, number][] = [];
    const seen: string[] = [];
    const { count } = await readDocuments({ file, documents: "file" }, [], ({ text }) => seen.push(text), {
      onRead: (documents, characters) => told.push([documents, characters]),
    });
    expect([count, seen]).toEqual([texts.length, texts]);
    expect(told).toEqual(texts.map((_, index) => [index + 1, texts.slice(0, index + 1).join("").length]));
  });

  it("ends behind the document at which it is told to, and a training that reads leaves nothing", async () => {
    const out = join(folder, "model");
    const control = new AbortController();
    let last = 0;
    const outcome = await trainTextDiffusion({
      backend: "cpu",
      data: { file, rowLength: 16 },
      model: { layers: 1, hidden: 8, heads: 2 },
      training: { steps: 1 },
      out,
      signal: control.signal,
      onRead: (documents) => {
        last = documents;
        if (documents === 7) control.abort();
      },
    });
    expect(outcome).toEqual({ out, reason: "aborted", step: 0, steps: 1 });
    expect(last).toBe(7);
    expect(existsSync(out)).toBe(false);
  });
});
