import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createPipeline } from "@textdiffusion/core";
import { pluginLaws } from "@textdiffusion/testkit";
import { afterAll, describe, expect, it } from "vitest";
import plugin, { myComponentSource } from "./index.js";

const folder = mkdtempSync(join(tmpdir(), "my-component-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const file = join(folder, "some.fasta");
writeFileSync(file, ">one first\nACGT\nAC\n\n>two\nA\n>empty\n>three\nGATTACA\n>four\nTTTT");

describe("the laws of a plugin, and of its component as a config makes it", async () => {
  const laws = await pluginLaws(plugin, { setting: () => ({ options: { file } }) });
  for (const law of laws) it.skipIf(law.skip !== undefined)(law.name, () => law.run());
});

describe("my-component", () => {
  const texts = async (options: object) => {
    const found: string[] = [];
    for await (const { text } of myComponentSource(options).documents()) found.push(text);
    return found;
  };

  it("joins the lines of a sequence, and leaves out what is empty or short", async () => {
    expect(await texts({ file })).toEqual(["ACGTAC", "A", "GATTACA", "TTTT"]);
    expect(await texts({ file, shortest: 5 })).toEqual(["ACGTAC", "GATTACA"]);
  });

  it("refuses other files, absent ones, and options that it does not have", async () => {
    writeFileSync(join(folder, "text.txt"), "Once upon a time");
    await expect(texts({ file: join(folder, "text.txt") })).rejects.toThrow(/name after >.*DATA_INVALID/);
    await expect(texts({ file: join(folder, "absent") })).rejects.toThrow(/FILE_NOT_FOUND/);
    expect(() => myComponentSource({ flie: file } as object)).toThrow(/UNKNOWN_OPTION/);
  });

  it("can be named in a config", async () => {
    const pipeline = await createPipeline({ plugins: [plugin], source: { name: "my-component", file } });
    const source = await pipeline.get("source");
    for await (const { text, next } of source.documents(2)) {
      expect([text, next]).toEqual(["GATTACA", 3]);
      break;
    }
    await pipeline.dispose();
  });
});
