import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { runCli } from "./run-cli.js";

const folder = mkdtempSync(join(tmpdir(), "textdiffusion-counts-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
writeFileSync(join(folder, "text.txt"), "An owl and an eel and an ox. ".repeat(40));

it("a text is counted, a model is trained under the spindle, and its folder writes without the file of counts", async () => {
  const counted = await runCli(["count-tokens", "--data", "text.txt", "--out", "counts.json"], {
    cwd: folder,
  });
  expect(counted).toMatchObject({
    code: 0,
    stdout: "",
    stderr: expect.stringMatching(/ of 261 different: counts\.json\n$/),
  });
  const counts: number[] = JSON.parse(readFileSync(join(folder, "counts.json"), "utf8"));
  expect(counts).toHaveLength(261);
  expect(counts.reduce((sum, count) => sum + count)).toBe(29 * 40);

  writeFileSync(
    join(folder, "textdiffusion.config.json"),
    JSON.stringify({
      backend: "cpu",
      schedule: { name: "spindle", counts: { $include: "counts.json" } },
      data: { file: "text.txt", rowLength: 16 },
      model: { layers: 1, hidden: 8, heads: 2 },
      training: { steps: 2, batchSize: 2 },
    }),
  );
  const trained = await runCli(["train", "--out", "model"], { cwd: folder });
  expect(trained.code, trained.stderr).toBe(0);
  rmSync(join(folder, "counts.json"));
  rmSync(join(folder, "textdiffusion.config.json"));
  const record = JSON.parse(readFileSync(join(folder, "model/textdiffusion.json"), "utf8"));
  expect(record.schedule).toEqual({ name: "spindle", counts });

  const written = await runCli(["generate", "--model", "model", "--backend", "cpu", "--steps", "4"], {
    cwd: folder,
  });
  expect(written.code, written.stderr).toBe(0);
});

it("a text is counted in the tokens of a model that is known by its name", async () => {
  const { code, stderr } = await runCli(
    ["count-tokens", "--data", "text.txt", "--model", "tiny", "--out", "tiny.json"],
    { cwd: folder },
  );
  expect(code, stderr).toBe(0);
  expect(JSON.parse(readFileSync(join(folder, "tiny.json"), "utf8"))).toHaveLength(4096);
});

it("bad input is refused before anything is written", async () => {
  const count = (...args: string[]) => runCli(["count-tokens", ...args], { cwd: folder });
  expect(await count("--data", "absent.txt", "--out", "x.json")).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/absent\.txt.*\(FILE_NOT_FOUND\)/),
  });
  expect(await count("--data", "text.txt", "--out", "no/such/x.json")).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/\(FILE_NOT_WRITABLE\)/),
  });
  expect(await count("--data", "text.txt", "--out", "x.json", "--documents", "page")).toMatchObject({
    code: 2,
  });
});
