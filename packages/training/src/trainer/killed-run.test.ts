import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Random, type TrainingEvent } from "@textdiffusion/core";
import { build } from "esbuild";
import { afterAll, beforeAll, expect, it } from "vitest";

const root = mkdtempSync(join(tmpdir(), "textdiffusion-killed-"));
const program = join(root, "train.cjs");
afterAll(() => rmSync(root, { recursive: true, force: true }));

const source = (path: string) => fileURLToPath(new URL(path, import.meta.url));

beforeAll(async () => {
  // One file from the sources, so that the test needs no build. tfjs's entry for bundlers may import gradients by path.
  await build({
    stdin: {
      contents: `
        import "@tensorflow/tfjs-core/dist/register_all_gradients";
        import "@tensorflow/tfjs-backend-cpu";
        import { trainUntilKilled } from "./train-until-killed.ts";
        void trainUntilKilled(process.argv.slice(2));`,
      resolveDir: source("../fixtures"),
    },
    alias: {
      "@textdiffusion/core": source("../../../core/src/index.ts"),
      "@textdiffusion/ops": source("../../../ops/src/index.ts"),
    },
    bundle: true,
    platform: "node",
    mainFields: ["module", "main"],
    outfile: program,
    logLevel: "warning",
  });
});

/** Runs the program in `folder` to its end, or to the kill that the other arguments say; gives the signal that ended it. */
function runIn(folder: string, ...kill: readonly number[]): NodeJS.Signals | null {
  const { status, signal, stderr } = spawnSync(process.execPath, [program, folder, ...kill.map(String)]);
  if (signal === null && status !== 0) throw new Error(`the program failed by itself:\n${stderr}`);
  return signal;
}

const folderFor = (name: string) => mkdtempSync(join(root, name));
const finalWeights = (folder: string) =>
  readFileSync(join(folder, "checkpoints", "step-00000120", "learner.safetensors"));
const eventsIn = (folder: string) =>
  readFileSync(join(folder, "metrics.jsonl"), "utf8")
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line) as TrainingEvent);
const losses = (folder: string) =>
  eventsIn(folder)
    .filter((event) => event.kind === "step")
    .map(({ step, lossNats }) => [step, lossNats]);
const spikes = (folder: string) =>
  eventsIn(folder)
    .filter((event) => event.kind === "spike")
    .map(({ file: _, ...spike }) => spike);

it("ends with the same weights, averages, spikes and metrics after being killed ten times at random moments", {
  timeout: 300_000,
}, () => {
  const whole = folderFor("whole");
  expect(runIn(whole)).toBe(null);

  const killed = folderFor("killed");
  const random = Random.fromSeed(3);
  for (let kill = 0; kill < 10; kill++) {
    // One event in three is a checkpoint: the kills fall into learning, saving and cleaning up.
    expect(runIn(killed, 5 + random.integer(12, kill), 5 * random.split("wait").uniform(kill))).toBe(
      "SIGKILL",
    );
    expect(readdirSync(join(killed, "checkpoints"))).not.toEqual([]);
  }
  expect(runIn(killed)).toBe(null);

  expect(finalWeights(killed).equals(finalWeights(whole))).toBe(true);
  expect(losses(killed)).toEqual(losses(whole));
  expect(losses(whole)).toHaveLength(120);
  expect(spikes(whole).map(({ step, action }) => `${action} ${step}`)).toEqual([
    "skip 30",
    "skip 60",
    "skip 90",
    "skip 120",
  ]);
  expect(spikes(killed)).toEqual(spikes(whole));
  const files = ["00000030", "00000060", "00000090", "00000120"].map((step) => `spike-${step}.json`);
  expect(readdirSync(join(killed, "checkpoints"))).toEqual([...files, "step-00000118", "step-00000120"]);
});
