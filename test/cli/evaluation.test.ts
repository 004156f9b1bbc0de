import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runCli } from "./run-cli.js";

const folder = mkdtempSync(join(tmpdir(), "textdiffusion-evaluation-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const path = (...parts: string[]) => join(folder, ...parts);

beforeAll(async () => {
  const text = "The lamp asked the river, and the river asked the moon. ".repeat(80);
  writeFileSync(path("text.txt"), text);
  writeFileSync(path("other.txt"), "A moon asked a lamp; the river said no. ".repeat(30));
  const sizes =
    "--backend cpu --layers 1 --hidden 16 --heads 2 --row-length 32 --batch-size 2 --steps 2".split(" ");
  const result = await runCli([
    "train",
    "--data",
    path("text.txt"),
    "--model",
    "new",
    "--out",
    path("model"),
    ...sizes,
  ]);
  expect(result.code, result.stderr).toBe(0);
}, 120_000);

const evaluate = (...args: string[]) =>
  runCli(
    [
      "eval",
      "--backend",
      "cpu",
      "--model",
      "model",
      "--data",
      "text.txt",
      "--rows",
      "6",
      "--samples",
      "2",
      ...args,
    ],
    { cwd: folder },
  );
const lab = (...args: string[]) =>
  runCli(
    [
      "lab",
      "--backend",
      "cpu",
      "--model",
      "model",
      "--out",
      "lab",
      "--samples",
      "3",
      "--steps",
      "2,4",
      ...args,
    ],
    { cwd: folder },
  );

describe("eval", () => {
  it("prints likelihood, loss curve, baselines and samples, progress elsewhere", async () => {
    const { code, stdout, stderr } = await evaluate();
    expect(code, stderr).toBe(0);
    expect(stdout).toMatch(/this model, at most +\d\.\d{3} +\d\.\d{3} +\d\.\d{3} +\d\.\d{3} +\d/);
    expect(stdout).toMatch(/byte unigram +\d\.\d{3}\n.*byte 6-gram +\d\.\d{3}/);
    expect(stdout).toMatch(/0 % to 10 % +\d+\.\d{3} +\d+\.\d %/);
    expect(stdout).toMatch(/samples +\d.*\nnatural text +\d/);
    expect(stdout).toMatch(
      /SHA-256: model\.safetensors [0-9a-f]{12}, tokenizer\.json \w+, text scored \w+.*; seed 0\n/,
    );
    expect(stdout).toMatch(/textdiffusion \d.*, node \d.* on .*JavaScript, 1 thread\n$/);
    expect(stderr).toContain("Scoring rows under many masks");
    expect(stderr).not.toContain("too good");
  });

  it("--json prints the same figures as one document", async () => {
    const { stdout } = await evaluate("--json");
    const { likelihood, lossCurve, baselines, samples, settings, provenance } = JSON.parse(stdout);
    // A byte-level model after two steps knows nothing: near ln 256 nats a byte, 8 bits.
    expect(likelihood.natsPerToken).toBeGreaterThan(4.5);
    expect(likelihood.bitsPerByte).toBeCloseTo(likelihood.natsPerToken / Math.LN2, 10);
    expect(likelihood).toMatchObject({ rows: 6, tokens: 6 * 32, bytes: 448 });
    expect(Math.abs(lossCurve.boundNats - likelihood.natsPerToken)).toBeLessThan(0.3);
    expect(baselines[0].bitsPerByte).toBeGreaterThan(baselines[1].bitsPerByte);
    expect(samples.texts).toHaveLength(2);
    const hash = (content: string | Buffer) => createHash("sha256").update(content).digest("hex");
    const text = readFileSync(path("text.txt"), "utf8");
    expect(settings).toMatchObject({ heldOut: 0.1, data: "text.txt", fingerprint: hash(text) });
    expect(provenance).toMatchObject({
      texts: { heldOut: hash(text.slice(-448)), training: hash(text.slice(0, -448)) },
      model: { files: { "model.safetensors": hash(readFileSync(path("model/model.safetensors"))) } },
    });
  });

  it("scores another model beside it, with the difference, and says where nats cannot be compared", async () => {
    const itself = await evaluate("--samples", "0", "--beside", "model");
    expect(itself.code, itself.stderr).toBe(0);
    const figures = /this model, at most +(\S+ +\S+ +\S+ +\S+ +\S+)\nmodel, at most +(.*)\n/.exec(
      itself.stdout,
    );
    expect(figures?.[1]).toBe(figures?.[2]);
    expect(itself.stdout).toMatch(/difference, row by row +0\.000 +0\.000 +0\.000 +0\.000\n/);
    expect(itself.stdout).toMatch(/same rows under the same masks\. They are alike to the last digit/);
    expect(itself.stdout).toMatch(
      /masked +nats\/token +guessed +model +guessed\n0 % to 10 %( +\d+\.\d+ +\d+\.\d %){2}\n/,
    );
  });

  it("leaves nats out beside a model of another tokenizer", async () => {
    const { code, stdout, stderr } = await evaluate(
      "--samples",
      "0",
      "--beside",
      "tiny",
      "--backend",
      "onnx",
    );
    expect(code, stderr).toBe(0);
    expect(stdout).toMatch(/tiny, at most( +\d+\.\d+){5}\ndifference( +-?\d+\.\d+){2} +- +-\n/);
    expect(stdout).toContain(
      "tiny cuts the text into other tokens: nats/token and perplexity cannot be compared",
    );
    expect(stdout).toMatch(/masked +nats\/token +guessed\n/);
    expect(stdout).toMatch(/beside it: model\.safetensors \w{12}, tokenizer\.json \w{12}\n/);
  });

  it.each([
    ["svg", /^<svg [^>]*data-generator="textdiffusion"[\s\S]*<\/svg>\n$/],
    [
      "html",
      /^<!doctype html>[\s\S]*<title>model on the last 10 % of text\.txt<\/title>[\s\S]*<svg [\s\S]*<\/svg>\n<\/html>\n$/,
    ],
  ])("draws a picture as %s, and again over it", async (kind, form) => {
    for (let turn = 0; turn < 2; turn++) {
      const { code, stderr } = await evaluate("--samples", "0", "--picture", `drawn.${kind}`);
      expect(code, stderr).toBe(0);
      expect(stderr).toMatch(new RegExp(`The picture is in drawn\\.${kind}\\.\n$`));
    }
    const drawn = readFileSync(path(`drawn.${kind}`), "utf8");
    expect(drawn).toMatch(form);
    expect(drawn).toContain(">model, at most<");
  });

  it.each<[string, string, RegExp]>([
    ["CONFIG_INVALID", "drawn.gif", /ends in \.svg or \.html, got .*drawn\.gif/],
    ["FILE_NOT_WRITABLE", "mine.svg", /new file or an earlier picture/],
    ["FILE_NOT_WRITABLE", "no/folder/drawn.svg", /a folder that exists for .*no.folder.drawn\.svg, got none/],
  ])("%s: a picture in %s, before anything is scored", async (code, file, sentence) => {
    writeFileSync(path("mine.svg"), "<svg>mine</svg>");
    const result = await evaluate("--picture", file);
    expect(result.stderr).toMatch(sentence);
    expect(result.stderr).toContain(`(${code})`);
    expect(result.stderr).not.toContain("Scoring");
    expect(readFileSync(path("mine.svg"), "utf8")).toBe("<svg>mine</svg>");
    expect(existsSync(path("drawn.gif"))).toBe(false);
  });

  it("knows a model beside that is not there before it scores anything", async () => {
    const { code, stdout, stderr } = await evaluate("--beside", "nowhere");
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toMatch(/in --beside, got "nowhere".*FILE_NOT_FOUND/);
    expect(stderr).not.toContain("Scoring");
  });

  it("warns of text that was learnt from", async () => {
    const { stderr } = await evaluate("--held-out", "0.5", "--samples", "0");
    expect(stderr).toMatch(/has learnt from this very text.*too good/);
  });

  it("takes the baselines from another text", async () => {
    const { stdout } = await runCli(
      [
        "eval",
        "--backend",
        "cpu",
        "--model",
        "model",
        "--data",
        "other.txt",
        "--training-data",
        "text.txt",
        "--rows",
        "4",
        "--samples",
        "0",
        "--json",
      ],
      { cwd: folder },
    );
    const { likelihood, settings, samples } = JSON.parse(stdout);
    expect(likelihood.bytes).toBe(readFileSync(path("other.txt")).length);
    expect(settings.heldOut).toBe(1);
    expect(samples).toBeUndefined();
  });

  it("stops at Ctrl-C", async () => {
    let pressed = false;
    const { code, stderr } = await runCli(
      ["eval", "--backend", "cpu", "--model", "model", "--data", "text.txt", "--held-out", "1"],
      {
        cwd: folder,
        onOutput: (printed, kill) => {
          if (pressed || !printed.includes("Scoring rows")) return;
          pressed = true;
          kill("SIGINT");
        },
      },
    );
    expect([code, stderr]).toEqual([130, expect.stringMatching(/Interrupted\.\n$/)]);
  });
});

describe("lab", () => {
  it("measures each sampler at each number of steps, and writes report, table and picture", async () => {
    const { code, stdout, stderr } = await lab(
      "--data",
      "text.txt",
      "--samplers",
      "random,threshold:threshold=0|2",
    );
    expect(code, stderr).toBe(0);
    expect(readdirSync(path("lab")).sort()).toEqual(["laboratory.json", "laboratory.svg", "laboratory.txt"]);
    expect(stdout).toBe(readFileSync(path("lab", "laboratory.txt"), "utf8"));
    expect(stdout).toMatch(
      /random, 2 steps +2\.0 +16\.00.*\nrandom, 4 steps +4\.0 +8\.00.*\nthreshold, threshold=0 +1\.0 +32\.00.*\nthreshold, threshold=2 +32\.0 +1\.00/,
    );
    const report = JSON.parse(readFileSync(path("lab", "laboratory.json"), "utf8"));
    expect(report).toMatchObject({ model: "model", samples: 3, length: 32, seed: 0, scorer: "byte 6-gram" });
    expect(report.provenance.texts.heldOut).toMatch(/^[0-9a-f]{64}$/);
    expect(report.records.map(({ config }: { config: unknown }) => config)).toEqual([
      { name: "random", steps: 2 },
      { name: "random", steps: 4 },
      { name: "threshold", threshold: 0 },
      { name: "threshold", threshold: 2 },
    ]);
    expect(report.records[0].texts).toHaveLength(3);
    expect(readFileSync(path("lab", "laboratory.svg"), "utf8")).toContain(">threshold<");
  });

  it("lets the model judge itself without a text", async () => {
    const { code, stdout, stderr } = await lab("--samplers", "random", "--json");
    expect(code, stderr).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      scorer: expect.stringContaining("likelihood bound"),
      scorerUnit: "token",
    });
  });

  it("keeps what was measured before Ctrl-C", async () => {
    let pressed = false;
    const { code, stdout, stderr } = await runCli(
      [
        "lab",
        "--backend",
        "cpu",
        "--model",
        "model",
        "--out",
        "broken",
        "--data",
        "text.txt",
        "--samplers",
        "random",
        "--steps",
        "1,32",
        "--samples",
        "60",
      ],
      {
        cwd: folder,
        onOutput: (printed, kill) => {
          if (pressed || !printed.includes("2 of 2")) return;
          pressed = true;
          kill("SIGINT");
        },
      },
    );
    expect(code, stderr).toBe(130);
    expect(stdout).toMatch(/random, 1 steps/);
    expect(stdout).not.toMatch(/32 steps/);
    expect(JSON.parse(readFileSync(path("broken", "laboratory.json"), "utf8")).records).toHaveLength(1);
  });
});

describe("bad input ends in an error before anything is written", () => {
  it.each<[string, string[], RegExp]>([
    ["UNKNOWN_COMPONENT", ["--samplers", "confidense"], /"confidense".*Known:.*"confidence"/s],
    ["UNKNOWN_OPTION", ["--samplers", "random:temprature=1"], /sampler\.temprature.*"temperature"/s],
    ["CONFIG_INVALID", ["--samplers", "random:temperature"], /confidence:temperature=0\.7/],
    ["CONFIG_INVALID", ["--samplers", "random", "--steps", "8,0"], /at least 1 for --steps, got "0"/],
    ["CONFIG_INVALID", ["--training-data", "text.txt"], /--data beside --training-data/],
    ["FILE_NOT_FOUND", ["--data", "none.txt"], /none\.txt/],
    ["FILE_NOT_FOUND", ["--model", "nowhere"], /nowhere/],
    ["CONFIG_INVALID", ["--data", "text.txt", "--held-out", "1.5"], /--held-out/],
    ["FILE_NOT_WRITABLE", ["--samplers", "random", "--out", "text.txt"], /text\.txt/],
  ])("%s: lab %j", async (code, args, sentence) => {
    const result = await runCli(["lab", "--backend", "cpu", "--model", "model", "--out", "never", ...args], {
      cwd: folder,
    });
    expect(result.stderr).toMatch(sentence);
    expect(result.stderr).toContain(`(${code})`);
    expect(result.code).toBe(2);
    expect(existsSync(path("never"))).toBe(false);
  });
});
