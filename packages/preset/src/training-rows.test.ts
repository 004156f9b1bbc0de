import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Random, type TokenRow } from "@textdiffusion/core";
import { byteLevelTokenizer, type EpochRows, epochRows } from "@textdiffusion/data";
import { afterAll, describe, expect, it } from "vitest";
import { decodeConfig } from "./config.js";
import { trainingRows } from "./training-rows.js";

const folder = mkdtempSync(join(tmpdir(), "textdiffusion-rows-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const tokenizer = byteLevelTokenizer();

/** The texts of the rows on each side. */
async function sides(lines: readonly string[], data: object, format: "text" | "pairs") {
  const file = join(folder, "some.data");
  writeFileSync(file, lines.join("\n"));
  const config = await decodeConfig({ data: { file, format, documents: "line", split: "hash", ...data } });
  const shape = { rowLength: format === "pairs" ? 64 : 8, frame: format === "pairs" };
  const of = { tokenizer, data: config.data, plugins: [], ...shape };
  const rows = await trainingRows(of, Random.fromSeed(1));
  const epoch = await rows.train.rowsAt(0, rows.train.rowCount ?? 0);
  const textsOf = (some: readonly TokenRow[] | EpochRows) => {
    const { rowCount, rowAt } = epochRows(some);
    return Array.from({ length: rowCount }, (_, row) => tokenizer.decode(rowAt(row, 0).ids));
  };
  return { train: textsOf(epoch), validation: textsOf(rows.validation) };
}

describe("a split by hash", () => {
  // Eight bytes each, so that every row is one document.
  const lines = Array.from({ length: 2000 }, (_, index) => `line${String(index).padStart(4, "0")}`);

  it("has every document on one side, as many held out as chance makes of the share", async () => {
    const { train, validation } = await sides(lines, { validationShare: 0.3 }, "text");
    expect([...train, ...validation].sort()).toEqual(lines);
    // Binomial of 2000 at 0.3: five deviations are 102. The hash is fixed, so this passes always or never.
    expect(Math.abs(validation.length - 600)).toBeLessThan(102);
  });

  it("keeps a document on its side when others come or go", async () => {
    const all = await sides(lines, {}, "text");
    const some = await sides(lines.slice(500, 1500).reverse(), {}, "text");
    expect(some.validation.every((text) => all.validation.includes(text))).toBe(true);
    expect(some.train.every((text) => all.train.includes(text))).toBe(true);
  });

  it("has all answers to a prompt on one side", async () => {
    const pairs = Array.from({ length: 90 }, (_, index) =>
      JSON.stringify({ prompt: `question ${index % 30}: `, response: `answer ${index}` }),
    );
    const { train, validation } = await sides(pairs, { validationShare: 0.3 }, "pairs");
    const promptsOf = (texts: readonly string[]) => new Set(texts.map((text) => text.split(":")[0]));
    expect(train.length + validation.length).toBe(90);
    expect(validation.length).toBeGreaterThan(0);
    expect([...promptsOf(validation)].filter((prompt) => promptsOf(train).has(prompt))).toEqual([]);
  });
});
