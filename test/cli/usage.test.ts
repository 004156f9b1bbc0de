import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { repositoryRoot } from "../architecture/source-imports.js";
import { runCli } from "./run-cli.js";

// What the command prints, and where: results to stdout, all else to stderr, exit codes 0, 2 and 130.

const folder = mkdtempSync(join(tmpdir(), "textdiffusion-usage-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

beforeAll(async () => {
  writeFileSync(
    join(folder, "text.txt"),
    "A lamp, a river, and a moon that walks beside them both. ".repeat(60),
  );
  writeFileSync(
    join(folder, "textdiffusion.config.ts"),
    `const rowLength: number = 32;
     export default {
       backend: "cpu",
       sampler: { name: "confidence", steps: 8, temperature: 1 },
       data: { file: "text.txt", rowLength },
       model: { layers: 1, hidden: 16, heads: 2 },
       training: { steps: 3, batchSize: 2 },
     };`,
  );
  const result = await runCli(["train", "--out", "model"], { cwd: folder });
  expect(result.code, result.stderr).toBe(0);
}, 120_000);

const generate = (...args: string[]) => runCli(["generate", "--model", "model", ...args], { cwd: folder });

describe("help", () => {
  it.each([
    [["--help"], /train .*\n.*generate .*\n.*doctor /s],
    [["train", "--help"], /--resume.*Examples:.*--model new/s],
    [["generate", "--help"], /--temperature.*Examples:.*--prompt/s],
    [["doctor", "--help"], /--json/],
  ])("%j explains itself on stdout", async (args, sentence) => {
    const { code, stdout, stderr } = await runCli(args);
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(sentence);
  });

  it("--version prints the version of the package and nothing else", async () => {
    const manifest = JSON.parse(readFileSync(join(repositoryRoot, "packages/cli/package.json"), "utf8"));
    expect(await runCli(["--version"])).toMatchObject({
      code: 0,
      stdout: `${manifest.version}\n`,
      stderr: "",
    });
  });
});

it("fills in gaps with text that matches", async () => {
  const { code, stdout, stderr } = await generate(
    ...["--prompt", "On {10}, \\{3} at {2}.", "--regex", "\\d{4}-\\d\\d-\\d\\d", "--regex", "[ap]m"],
    ...["--count", "2", "--json", "--seed", "1"],
  );
  expect(code, stderr).toBe(0);
  for (const text of JSON.parse(stdout).texts) expect(text).toMatch(/^On \d{4}-\d\d-\d\d, \{3} at [ap]m\.$/);
});

it("searches the length of a gap, and says what it tried", async () => {
  const args = ["--prompt", "On {2..3} on", "--seed", "1"];
  const { code, stdout, stderr } = await generate(...args);
  expect(code, stderr).toBe(0);
  expect(stderr).toMatch(/Text 1, gap of [23] tokens: 2 → \d\.\d\d, 3 → \d\.\d\d nats a token\./);
  const { texts, searches } = JSON.parse((await generate(...args, "--json")).stdout);
  expect(`${texts[0]}\n`).toBe(stdout);
  expect(searches[0].trials).toHaveLength(2);
});

it("says before it writes that a pattern cannot match", async () => {
  const { code, stdout, stderr } = await generate("--prompt", "On {9}.", "--regex", "\\d{4}-\\d\\d-\\d\\d");
  expect([code, stdout]).toEqual([2, ""]);
  expect(stderr).toMatch(/in the 9 tokens of row 0.*got matches of 10 tokens/);
});

it("writes in blocks, which the record names with the sampler within", async () => {
  const { code, stdout, stderr } = await generate(
    "--block",
    "10",
    "--steps",
    "2",
    "--allow-end",
    "--json",
    "--seed",
    "1",
  );
  expect(code, stderr).toBe(0);
  const { steps, config } = JSON.parse(stdout);
  expect(config.sampler).toEqual({
    name: "blocks",
    size: 10,
    sampler: { name: "confidence", steps: 2, temperature: 1 },
  });
  expect(steps).toBeLessThanOrEqual(8);
});

describe("usage that cannot be understood ends with code 2", () => {
  it.each([
    ["no command", [], /Usage: textdiffusion/],
    ["an unknown command", ["trian"], /unknown command 'trian'.*train/s],
    [
      "an unknown option",
      ["generate", "--model", "m", "--lenght", "3"],
      /unknown option '--lenght'.*--length/s,
    ],
    ["a missing option", ["generate"], /--model <folder>.*not specified/s],
    [
      "a number that is none",
      ["generate", "--model", "m", "--steps", "many"],
      /a whole number of at least 1 for --steps, got "many"/,
    ],
    [
      "a number that is not whole",
      ["train", "--out", "o", "--layers", "1.5"],
      /a whole number of at least 1 for --layers, got "1.5"/,
    ],
    [
      "a share above 1",
      ["generate", "--model", "m", "--top-p", "2"],
      /above 0 and at most 1 for --top-p, got "2"/,
    ],
    [
      "a negative temperature",
      ["generate", "--model", "m", "--temperature", "-1"],
      /at least 0 for --temperature, got "-1"/,
    ],
    ["no data", ["train", "--out", "o"], /data.*--data/s],
  ])("%s", async (_, args, sentence) => {
    const { code, stdout, stderr } = await runCli(args, { cwd: tmpdir() });
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toMatch(sentence);
  });
});

describe("generate", () => {
  it("prints one JSON document and nothing else with --json", async () => {
    const { code, stdout } = await generate(
      "--json",
      "--prompt",
      "A lamp",
      "--count",
      "2",
      "--seed",
      "7",
      "--steps",
      "4",
    );
    expect(code).toBe(0);
    const document = JSON.parse(stdout);
    expect(document).toMatchObject({
      seed: 7,
      steps: 4,
      forwards: 4,
      texts: [expect.stringMatching(/^A lamp/), expect.stringMatching(/^A lamp/)],
      config: {
        backend: "cpu",
        schedule: "linear",
        sampler: { name: "confidence", steps: 4, temperature: 1 },
        length: 32,
      },
    });
    expect(document.ids.map((row: number[]) => row.length)).toEqual([32, 32]);
  });

  it("gives the same text for the same seed, and says which seed it took", async () => {
    const first = await generate();
    const seed = /--seed (\d+)/.exec(first.stderr)?.[1] ?? "";
    expect((await generate("--seed", seed)).stdout).toBe(first.stdout);
    expect((await generate("--seed", `${Number(seed) + 1}`)).stdout).not.toBe(first.stdout);
  });

  it("writes no escape sequence where there is no terminal", async () => {
    const { stdout, stderr } = await generate("--seed", "1", "--prompt", "A lamp");
    expect(stdout + stderr).not.toContain("\x1b[");
    expect(stdout).toMatch(/^A lamp/);
  });

  it("takes what the command line says before what the config says before what the model says", async () => {
    writeFileSync(
      join(folder, "other.json"),
      '{ "backend": "cpu", "sampler": { "name": "random", "steps": 6 } }',
    );
    const sampler = async (...args: string[]) =>
      JSON.parse((await generate("--json", ...args)).stdout).config.sampler;
    expect(await sampler("--config", "other.json")).toEqual({ name: "random", steps: 6 });
    expect(await sampler("--config", "other.json", "--temperature", "0.5")).toEqual({
      name: "random",
      steps: 6,
      temperature: 0.5,
    });
    expect(await sampler("--sampler", "random", "--steps", "5")).toEqual({ name: "random", steps: 5 });
    writeFileSync(join(folder, "empty.json"), '{ "backend": "cpu" }');
    expect(await sampler("--config", "empty.json")).toEqual({ name: "confidence", steps: 8, temperature: 1 });
  });

  it("stops on Ctrl-C with code 130", async () => {
    const endless = [
      "generate",
      "--model",
      "model",
      "--sampler",
      "random",
      "--steps",
      "30",
      "--count",
      "2000",
    ];
    const { code, stdout, stderr } = await runCli(endless, {
      cwd: folder,
      onOutput: (printed, kill) => {
        if (/Writing.*\n$/.test(printed)) kill("SIGINT");
      },
    });
    expect([code, stdout]).toEqual([130, ""]);
    expect(stderr).toContain("Interrupted");
  });
});

describe("train", () => {
  it("leaves a Hugging Face folder, its checkpoints and its metrics", async () => {
    for (const file of [
      "config.json",
      "model.safetensors",
      "tokenizer.json",
      "tokenizer_config.json",
      "textdiffusion.json",
    ]) {
      expect(readFileSync(join(folder, "model", file)).length).toBeGreaterThan(0);
    }
    expect(JSON.parse(readFileSync(join(folder, "model/textdiffusion.json"), "utf8"))).toMatchObject({
      rowLength: 32,
      schedule: "linear",
      sampler: { name: "confidence", steps: 8, temperature: 1 },
      training: { steps: 3 },
    });
    const metrics = readFileSync(join(folder, "model/metrics.jsonl"), "utf8").trim().split("\n");
    expect(metrics.map((line) => JSON.parse(line).kind)).toEqual(
      expect.arrayContaining(["started", "step", "validation", "checkpoint", "finished"]),
    );
  });

  it("goes on from its folder as from any other model", async () => {
    const result = await runCli(["train", "--model", "model", "--out", "tuned", "--steps", "2"], {
      cwd: folder,
    });
    expect(result.code, result.stderr).toBe(2); // the config asks for a size, which a finished model has already
    expect(result.stderr).toMatch(/layers/);
    writeFileSync(join(folder, "tune.json"), '{ "backend": "cpu", "data": { "file": "text.txt" } }');
    const tuned = await runCli(
      ["train", "--config", "tune.json", "--model", "model", "--out", "tuned", "--steps", "2"],
      { cwd: folder },
    );
    expect(tuned.code, tuned.stderr).toBe(0);
    expect(JSON.parse(readFileSync(join(folder, "tuned/textdiffusion.json"), "utf8"))).toMatchObject({
      rowLength: 32,
    });
  });
});

describe("doctor", () => {
  it("describes the machine as JSON", async () => {
    const { code, stdout } = await runCli(["doctor", "--json"]);
    expect(code).toBe(0);
    const report = JSON.parse(stdout);
    expect(report.system.node).toBe(process.versions.node);
    expect(report.backends).toContainEqual(
      expect.objectContaining({ name: "cpu", started: true, trains: true }),
    );
    const { started, install } = report.backends.find(({ name }: { name: string }) => name === "cuda");
    if (!started) expect(install).toBe("npm install @tensorflow/tfjs-node-gpu@4.22.0");
    expect(report.auto.passedBy).toHaveLength(report.backends.length - 1);
    expect(report.components.sampler.map(({ name }: { name: string }) => name)).toContain("confidence");
  });
});
