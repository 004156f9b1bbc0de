import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type ModelRecord, readModelRecord, writeModelRecord } from "./model-record.js";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "textdiffusion-record-"));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

const record: ModelRecord = {
  formatVersion: 1,
  rowLength: 128,
  frame: true,
  schedule: "linear",
  collator: { name: "masked", floor: 0.001 },
  sampler: { name: "confidence", temperature: 0.7 },
  training: { steps: 10, tokens: 20480, validationNats: 2.5, device: "a laptop" },
};
const write = (value: unknown) => writeFileSync(join(folder, "textdiffusion.json"), JSON.stringify(value));

describe("textdiffusion.json", () => {
  it("reads back what was written, further training notes too", async () => {
    await writeModelRecord(record, join(folder, "new"));
    expect(await readModelRecord(join(folder, "new"))).toEqual(record);
    expect(readdirSync(join(folder, "new"))).toEqual(["textdiffusion.json"]);
  });

  it("may be absent", async () => {
    expect(await readModelRecord(folder)).toBeUndefined();
    expect(await readModelRecord(join(folder, "nowhere"))).toBeUndefined();
  });

  it.each<[string, object, RegExp]>([
    ["another version", { formatVersion: 2 }, /formatVersion.*another version of textdiffusion/],
    ["no row length", { rowLength: undefined }, /rowLength/],
    ["a row of nothing", { rowLength: 0 }, /rowLength/],
    ["a component without a name", { sampler: { temperature: 1 } }, /sampler/],
    ["half a training note", { training: { steps: 3 } }, /training\.tokens/],
    ["a key that nobody reads", { rowlength: 128 }, /rowlength.*Keys: "collator", "formatVersion"/],
  ])("is refused with %s, read or written", async (_, overrides, message) => {
    const bad = { ...record, ...overrides };
    write(bad);
    await expect(readModelRecord(folder)).rejects.toThrow(message);
    await expect(readModelRecord(folder)).rejects.toThrow(/textdiffusion\.json.*MODEL_INVALID/);
    await expect(writeModelRecord(bad as ModelRecord, join(folder, "new"))).rejects.toThrow(message);
    expect(readdirSync(folder)).toEqual(["textdiffusion.json"]);
  });

  it("is refused when it is not JSON", async () => {
    writeFileSync(join(folder, "textdiffusion.json"), "{");
    await expect(readModelRecord(folder)).rejects.toThrow(/JSON in .*textdiffusion\.json.*MODEL_INVALID/);
  });
});
