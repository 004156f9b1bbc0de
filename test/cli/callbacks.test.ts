import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { runCli } from "./run-cli.js";

const folder = mkdtempSync(join(tmpdir(), "textdiffusion-callbacks-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const path = (...parts: string[]) => join(folder, ...parts);
writeFileSync(path("text.txt"), "Every wave that leaves the shore comes back with a question. ".repeat(80));

/** Samples of the config are taken over by the command line, what else watches stays. */
const config = {
  sampler: { name: "confidence", steps: 4 },
  training: { callbacks: [{ name: "samples", every: 1, prompts: ["Every"] }, "time-limit"] },
};
writeFileSync(path("config.json"), JSON.stringify(config));

const train = (...args: string[]) =>
  "train --backend cpu --model new --layers 1 --hidden 16 --heads 2 --row-length 32 --batch-size 2 --steps 6"
    .split(" ")
    .concat("--data", path("text.txt"), "--config", path("config.json"), "--out", path("model"), ...args);

it("writes samples and stops in time, as the command line says, and goes on without", async () => {
  const stopped = await runCli(train("--samples-every", "4", "--time-limit", "0.000001"));
  expect(stopped.code, stopped.stderr).toBe(0);
  expect(stopped.stderr).toContain(
    "Stopped after step 1 of 6 by time-limit; go on with the same command and --resume.",
  );
  expect(stopped.stderr).toMatch(/samples at step 0: /);
  expect(existsSync(path("model", "model.safetensors"))).toBe(true);

  const resumed = await runCli(train("--samples-every", "4", "--resume"));
  expect(resumed.code, resumed.stderr).toBe(0);
  const lines = readFileSync(path("model", "samples.jsonl"), "utf8").trim().split("\n");
  expect(lines.map((line) => JSON.parse(line).step)).toEqual([0, 4, 6]);
  expect(JSON.parse(lines[2]).texts).toHaveLength(1);
}, 120_000);

it("refuses times and steps that are none, before it reads anything", async () => {
  for (const [option, value] of [
    ["--time-limit", "0"],
    ["--samples-every", "0.5"],
    ["--spikes", "sometimes"],
  ]) {
    const { code, stderr } = await runCli(train(option, value));
    expect(code).not.toBe(0);
    expect(stderr).toContain(option);
  }
});
