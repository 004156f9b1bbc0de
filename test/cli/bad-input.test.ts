import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runCli } from "./run-cli.js";

// Every kind of bad input that a user can hand to the command, and the error that it gets: exit code 2, one line in
// the form `[package/component] expected X, got Y. What to do. (CODE)`, and nothing written.

const folder = mkdtempSync(join(tmpdir(), "textdiffusion-bad-input-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const path = (...parts: string[]) => join(folder, ...parts);
const text = "The moon is a lamp that the river has lit, and the river keeps walking away under it. ".repeat(
  60,
);
const small = ["--layers", "1", "--hidden", "16", "--heads", "2", "--row-length", "32", "--batch-size", "2"];
const train = (...args: string[]) => ["train", "--backend", "cpu", "--model", "new", ...small, ...args];

beforeAll(async () => {
  writeFileSync(path("text.txt"), text);
  const result = await runCli(train("--data", path("text.txt"), "--out", path("good"), "--steps", "2"));
  expect(result.stderr).toBe(result.code === 0 ? result.stderr : "");
  expect(result.code).toBe(0);
}, 120_000);

/** Expects the command to be refused with a code and a sentence. */
async function refused(args: readonly string[], code: string, sentence: RegExp, cwd?: string): Promise<void> {
  const result = await runCli(args, { cwd });
  expect(result.stderr).toMatch(sentence);
  expect(result.stderr).toMatch(new RegExp(`\\[[\\w-]+/[\\w-]+\\] (\\S+: )?expected .*\\(${code}\\)`, "s"));
  expect(result.code).toBe(2);
}

const generate = (model: string, ...args: string[]) => [
  "generate",
  "--backend",
  "cpu",
  "--model",
  model,
  ...args,
];

/** A copy of the good model folder that `spoil` may break. */
function spoiled(name: string, spoil: (model: string) => void): string {
  const model = path(name);
  cpSync(path("good"), model, { recursive: true });
  spoil(model);
  return model;
}

describe("training data", () => {
  it("missing file", () =>
    refused(train("--data", path("none.txt"), "--out", path("out")), "FILE_NOT_FOUND", /none\.txt/));

  it("empty text", async () => {
    writeFileSync(path("empty.txt"), "");
    await refused(train("--data", path("empty.txt"), "--out", path("out")), "DATA_INVALID", /empty\.txt/);
  });

  it("text shorter than one row", async () => {
    writeFileSync(path("short.txt"), "Too short.");
    await refused(
      train("--data", path("short.txt"), "--out", path("out")),
      "DATA_INVALID",
      /10\b.*\b32|32\b.*\b10/s,
    );
  });

  it("text that is not UTF-8", async () => {
    writeFileSync(path("binary.txt"), Buffer.concat([Buffer.from(text), Buffer.from([0xff, 0xfe, 0x80])]));
    await refused(train("--data", path("binary.txt"), "--out", path("out")), "DATA_INVALID", /UTF-8/);
  });

  it("leaves no output folder behind", () => {
    expect(readdirSync(folder)).not.toContain("out");
  });
});

describe("prompts", () => {
  it("longer than the canvas", () =>
    refused(generate(path("good"), "--prompt", "x".repeat(40)), "PROMPT_INVALID", /40|32/));

  it("with mask tokens", () =>
    refused(generate(path("good"), "--prompt", "The <mask> is"), "PROMPT_INVALID", /mask/));
});

describe("config", () => {
  it("unknown sampler", () =>
    refused(
      generate(path("good"), "--sampler", "confidense"),
      "UNKNOWN_COMPONENT",
      /"confidense".*Known:.*"confidence".*"random".*"remasking".*"threshold"/s,
    ));

  it("unknown name of a model, wherever one is named", async () => {
    const named = /"tinny".*Known by name: "tiny"/s;
    await refused(generate("tinny"), "FILE_NOT_FOUND", named);
    await refused(
      ["train", "--data", path("text.txt"), "--model", "tinny", "--out", path("out")],
      "FILE_NOT_FOUND",
      named,
    );
    await refused(
      ["count-tokens", "--data", path("text.txt"), "--model", "tinny", "--out", path("counts.json")],
      "FILE_NOT_FOUND",
      named,
    );
  });

  it("unknown dtype", async () => {
    const { code, stderr } = await runCli(generate(path("good"), "--dtype", "q4"));
    expect([code, stderr]).toEqual([2, expect.stringMatching(/--dtype.*"?q4"?.*fp32, q8/s)]);
  });

  it("dtype that the backend cannot hold", () =>
    refused(generate(path("good"), "--dtype", "q8"), "BACKEND_UNAVAILABLE", /"onnx".*"q8".*got "cpu"/s));

  it("misspelt option of a component", async () => {
    writeFileSync(path("typo.json"), JSON.stringify({ sampler: { name: "confidence", temprature: 0.7 } }));
    await refused(
      generate(path("good"), "--config", path("typo.json")),
      "UNKNOWN_OPTION",
      /sampler\.temprature.*"temperature"/s,
    );
  });

  it("misspelt key of the config", async () => {
    writeFileSync(path("typo2.json"), JSON.stringify({ smapler: "confidence" }));
    await refused(
      generate(path("good"), "--config", path("typo2.json")),
      "UNKNOWN_OPTION",
      /smapler.*"sampler"/s,
    );
  });

  it("wrong type", async () => {
    writeFileSync(path("type.json"), JSON.stringify({ sampler: { name: "confidence", steps: "many" } }));
    await refused(
      generate(path("good"), "--config", path("type.json")),
      "CONFIG_INVALID",
      /sampler\.steps.*"many"/s,
    );
  });

  it("not JSON", async () => {
    writeFileSync(path("broken.json"), "{ sampler: ");
    await refused(generate(path("good"), "--config", path("broken.json")), "CONFIG_INVALID", /broken\.json/);
  });
});

describe("model folders", () => {
  it("missing folder", () => refused(generate(path("nowhere")), "FILE_NOT_FOUND", /nowhere/));

  it("vocabulary that does not match the weights", async () => {
    const model = spoiled("vocabulary", (model) => {
      const config = JSON.parse(readFileSync(join(model, "config.json"), "utf8"));
      writeFileSync(
        join(model, "config.json"),
        JSON.stringify({ ...config, vocab_size: config.vocab_size + 7 }),
      );
    });
    await refused(generate(model), "MODEL_INVALID", /word_embeddings\.weight/);
  });

  it("tokenizer with more ids than the model", async () => {
    const model = spoiled("tokenizer", (model) => {
      const tokenizer = JSON.parse(readFileSync(join(model, "tokenizer.json"), "utf8"));
      const extra = {
        id: 900,
        content: "<extra>",
        special: true,
        single_word: false,
        lstrip: false,
        rstrip: false,
        normalized: false,
      };
      tokenizer.added_tokens.push(extra);
      writeFileSync(join(model, "tokenizer.json"), JSON.stringify(tokenizer));
    });
    await refused(generate(model), "MODEL_INVALID", /901/);
  });

  it("truncated safetensors", async () => {
    const model = spoiled("truncated", (model) => {
      const file = join(model, "model.safetensors");
      const bytes = readFileSync(file);
      writeFileSync(file, bytes.subarray(0, bytes.length - 100));
    });
    await refused(generate(model), "MODEL_INVALID", /model\.safetensors/);
  });

  it("header larger than the file", async () => {
    const model = spoiled("header", (model) => {
      const file = join(model, "model.safetensors");
      const bytes = Buffer.from(readFileSync(file));
      bytes.writeBigUInt64LE(BigInt(bytes.length * 10));
      writeFileSync(file, bytes);
    });
    await refused(generate(model), "MODEL_INVALID", /model\.safetensors.*header/s);
  });

  it("NaN in weights", async () => {
    const model = spoiled("nan", (model) => {
      const file = join(model, "model.safetensors");
      const bytes = Buffer.from(readFileSync(file));
      bytes.writeFloatLE(Number.NaN, bytes.length - 4);
      writeFileSync(file, bytes);
    });
    await refused(generate(model), "NOT_A_NUMBER", /"roberta\.[\w.]+", got NaN/);
  });
});

describe("output folders", () => {
  it("not writable", async () => {
    writeFileSync(path("a-file"), "in the way");
    await refused(
      train("--data", path("text.txt"), "--out", path("a-file", "model"), "--steps", "1"),
      "FILE_NOT_WRITABLE",
      /a-file/,
    );
  });

  it("resume with another config", async () => {
    await refused(
      train("--data", path("text.txt"), "--out", path("good"), "--resume", "--steps", "2", "--seed", "99"),
      "CHECKPOINT_INVALID",
      /seed/,
    );
  });

  it("full disk", async (context) => {
    const disk = path("disk");
    mkdirSync(disk);
    try {
      execFileSync("mount", ["-t", "tmpfs", "-o", "size=96k", "tmpfs", disk], { stdio: "pipe" });
    } catch {
      context.skip("a full disk needs the right to mount a small tmpfs");
      return;
    }
    try {
      await refused(
        train("--data", path("text.txt"), "--out", join(disk, "model"), "--steps", "2", "--save-every", "1"),
        "FILE_NOT_WRITABLE",
        /space|ENOSPC/,
      );
    } finally {
      execFileSync("umount", [disk]);
    }
  });
});
