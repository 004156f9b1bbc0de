import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runCli } from "./run-cli.js";

const folder = mkdtempSync(join(tmpdir(), "textdiffusion-onnx-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const run = (...args: string[]) => runCli(args, { cwd: folder });
const small = "--layers 1 --hidden 16 --heads 2 --row-length 32 --batch-size 2 --steps 2".split(" ");

beforeAll(async () => {
  writeFileSync(join(folder, "text.txt"), "The moon is a lamp that the river has lit. ".repeat(60));
  const trained = await run("train", "--data", "text.txt", "--model", "new", "--out", "model", ...small);
  expect(trained.code, trained.stderr).toBe(0);
  const exported = await run("export", "--model", "model", "--out", "exported");
  expect(exported.code, exported.stderr).toBe(0);
}, 120_000);

interface Written {
  readonly texts: string[];
  readonly config: { readonly backend: string };
}

async function write(model: string, ...args: string[]): Promise<Written> {
  const result = await run("generate", "--model", model, "--seed", "4", "--json", ...args);
  expect(result.code, result.stderr).toBe(0);
  return JSON.parse(result.stdout);
}

describe("export", () => {
  it("makes a folder that generates the same", async () => {
    const expected = await write("model", "--backend", "wasm");
    const found = await write("exported");
    expect(found.texts).toEqual(expected.texts);
    expect(found.config.backend).toBe("onnxruntime-node");
  });

  it("puts the file into the model's own folder, where --denoiser takes it", async () => {
    cpSync(join(folder, "model"), join(folder, "own"), { recursive: true });
    const before = readdirSync(join(folder, "own"));
    const result = await run(
      "export",
      "--model",
      "own",
      "--out",
      "own",
      "--format",
      "onnx",
      "--external-data",
    );
    expect(result.stderr).toMatch(
      /own\/onnx\/model\.onnx \([\d.]+ kB\) and own\/onnx\/model\.onnx_data \([\d.]+ kB\)/,
    );
    expect(readdirSync(join(folder, "own")).sort()).toEqual([...before, "onnx"].sort());
    expect((await write("own", "--backend", "cpu")).config.backend).toBe("cpu");
    const found = await write("own", "--denoiser", "onnx");
    expect(found.config.backend).toBe("onnxruntime-node");
    expect(found.texts).toEqual((await write("model")).texts);
  });

  it("is evaluated as the model is", async () => {
    const args = ["--data", "text.txt", "--rows", "4", "--samples", "0", "--json"];
    const nats = async (model: string) => {
      const result = await run("eval", "--model", model, ...args);
      expect(result.code, result.stderr).toBe(0);
      return JSON.parse(result.stdout).likelihood.natsPerToken as number;
    };
    const [expected, found] = [await nats("model"), await nats("exported")];
    expect(Number.isFinite(expected)).toBe(true);
    expect(found).toBeCloseTo(expected, 4);
  });
});

describe("a config names a file", () => {
  it("relative to where it lies, by itself and wrapped", async () => {
    mkdirSync(join(folder, "elsewhere"));
    const onnx = { name: "onnx", file: "../exported/onnx/model.onnx" };
    for (const denoiser of [onnx, { name: "guided", scale: 0, denoiser: onnx }]) {
      writeFileSync(join(folder, "elsewhere", "config.json"), JSON.stringify({ denoiser }));
      const found = await write("model", "--config", "elsewhere/config.json");
      expect(found.config.backend).toBe("onnxruntime-node");
      expect(found.texts).toEqual((await write("model")).texts);
    }
  });
});

describe("refused", () => {
  it.each<[string, string, RegExp, () => string[]]>([
    [
      "an export over somebody's model",
      "FILE_NOT_WRITABLE",
      /config\.json, which was not exported from here.*--force/,
      () => {
        cpSync(join(folder, "model"), join(folder, "other"), { recursive: true });
        return ["export", "--model", "model", "--out", "other"];
      },
    ],
    [
      "an export over somebody's file",
      "FILE_NOT_WRITABLE",
      /theirs\.onnx, which was not exported from here/,
      () => {
        writeFileSync(join(folder, "theirs.onnx"), "theirs");
        return ["export", "--model", "model", "--out", "theirs.onnx"];
      },
    ],
    [
      "an export of nothing",
      "FILE_NOT_FOUND",
      /"none".*Known by name: "tiny"/,
      () => ["export", "--model", "none", "--out", "out"],
    ],
    [
      "an export of damaged weights",
      "MODEL_INVALID",
      /model\.safetensors/,
      () => {
        cpSync(join(folder, "model"), join(folder, "torn"), { recursive: true });
        const file = join(folder, "torn", "model.safetensors");
        writeFileSync(file, readFileSync(file).subarray(0, 900));
        return ["export", "--model", "torn", "--out", "out"];
      },
    ],
    [
      "an export into a file",
      "FILE_NOT_WRITABLE",
      /text\.txt/,
      () => ["export", "--model", "model", "--out", "text.txt"],
    ],
    [
      "a folder without an ONNX file",
      "FILE_NOT_FOUND",
      /model\.onnx, got none.*textdiffusion export/,
      () => ["generate", "--model", "model", "--denoiser", "onnx"],
    ],
    [
      "a quantized file that is not there",
      "FILE_NOT_FOUND",
      /model_quantized\.onnx/,
      () => ["generate", "--model", "exported", "--dtype", "q8"],
    ],
    [
      "a torn ONNX file",
      "MODEL_INVALID",
      /expected an ONNX model that onnxruntime-node can load/,
      () => {
        cpSync(join(folder, "exported"), join(folder, "torn-onnx"), { recursive: true });
        const file = join(folder, "torn-onnx", "onnx", "model.onnx");
        writeFileSync(file, readFileSync(file).subarray(0, 20_000));
        return ["generate", "--model", "torn-onnx"];
      },
    ],
    [
      "weights that are missing beside an ONNX file",
      "MODEL_INVALID",
      /model\.onnx_data/,
      () => {
        cpSync(join(folder, "own"), join(folder, "lost"), { recursive: true });
        rmSync(join(folder, "lost", "onnx", "model.onnx_data"));
        return ["generate", "--model", "lost", "--denoiser", "onnx"];
      },
    ],
    [
      "a cache for an ONNX file",
      "CONFIG_INVALID",
      /by its ONNX file/,
      () => ["generate", "--model", "exported", "--denoiser", "onnx", "--cache", "dual"],
    ],
  ])("%s: %s", async (_, code, sentence, args) => {
    const result = await run(...args());
    expect(result.stderr).toMatch(sentence);
    expect(result.stderr).toContain(`(${code})`);
    expect(result.code).toBe(2);
  });

  it("a format that is not known", async () => {
    const result = await run("export", "--model", "model", "--out", "out", "--format", "gguf");
    expect(result.stderr).toMatch(/Allowed choices are onnx/);
    expect(result.code).toBe(2);
  });

  it("without leaving anything", () => {
    expect(existsSync(join(folder, "out"))).toBe(false);
    expect(readFileSync(join(folder, "theirs.onnx"), "utf8")).toBe("theirs");
    expect(existsSync(join(folder, "other", "onnx"))).toBe(false);
  });
});
