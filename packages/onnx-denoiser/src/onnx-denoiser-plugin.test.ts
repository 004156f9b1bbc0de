import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { byName, createPipeline } from "@textdiffusion/core";
import { letterTokenizer } from "@textdiffusion/testkit";
import { afterAll, describe, expect, it } from "vitest";
import { onnxDenoiserPlugin } from "./onnx-denoiser-plugin.js";

const golden = fileURLToPath(new URL("../../../scripts/golden/optimum-onnx", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "onnx-denoiser-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
cpSync(golden, folder, { recursive: true });

const tokenizer = letterTokenizer("abcdefghijklmnopqrstuvwxyz");
const denoiserOf = async (options: Record<string, unknown>, over = tokenizer) => {
  const plugins = [onnxDenoiserPlugin];
  const pipeline = await createPipeline({
    plugins,
    tokenizer: over,
    denoiser: byName({ name: "onnx", ...options }),
  });
  try {
    const { maxLength, vocabularySize } = await pipeline.get("denoiser");
    return { maxLength, vocabularySize };
  } finally {
    await pipeline.dispose();
  }
};

describe("the denoiser that a config names", () => {
  it("needs no backend, and knows its longest row from config.json", async () => {
    const file = (name: string) => join(folder, name, "onnx", "model.onnx");
    expect(await denoiserOf({ file: file("bert") })).toEqual({ maxLength: 20, vocabularySize: 101 });
    expect(await denoiserOf({ file: file("roberta") })).toEqual({ maxLength: 18, vocabularySize: 101 });
    expect(await denoiserOf({ file: file("bert"), maxLength: 7, threads: 1 })).toMatchObject({
      maxLength: 7,
    });
  });

  it.each<[string, string, RegExp, (file: string) => Record<string, unknown>]>([
    [
      "a file that is not there",
      "FILE_NOT_FOUND",
      /none\.onnx, got none/,
      () => ({ file: join(folder, "none.onnx") }),
    ],
    ["a folder", "FILE_NOT_FOUND", /expected an \.onnx file/, () => ({ file: folder })],
    [
      "a torn file",
      "MODEL_INVALID",
      /expected an ONNX model that onnxruntime-node can load in .*torn\.onnx, got:/,
      (file) => {
        writeFileSync(join(folder, "torn.onnx"), readFileSync(file).subarray(0, 50_000));
        return { file: join(folder, "torn.onnx") };
      },
    ],
    [
      "a file that is not ONNX",
      "MODEL_INVALID",
      /text\.onnx, got:/,
      () => {
        writeFileSync(join(folder, "text.onnx"), "Once upon a time");
        return { file: join(folder, "text.onnx") };
      },
    ],
    [
      "an empty file",
      "MODEL_INVALID",
      /empty\.onnx, got:/,
      () => {
        writeFileSync(join(folder, "empty.onnx"), "");
        return { file: join(folder, "empty.onnx") };
      },
    ],
    [
      "a file without a config",
      "CONFIG_INVALID",
      /max_position_embeddings.*alone\.onnx.*maxLength/,
      (file) => {
        cpSync(file, join(folder, "alone.onnx"));
        return { file: join(folder, "alone.onnx") };
      },
    ],
    ["an option that is none", "UNKNOWN_OPTION", /folder.*file/, (file) => ({ file, folder: "x" })],
    ["no file", "CONFIG_INVALID", /file/, () => ({})],
  ])("refuses %s with %s", async (_, code, sentence, options) => {
    const answer = denoiserOf(options(join(folder, "bert", "onnx", "model.onnx")));
    await expect(answer).rejects.toMatchObject({ code });
    await expect(answer).rejects.toThrow(sentence);
  });

  it("refuses a tokenizer with more tokens than the file has logits", async () => {
    const large = { ...tokenizer, vocabularySize: 102 };
    const answer = denoiserOf({ file: join(folder, "bert", "onnx", "model.onnx") }, large);
    await expect(answer).rejects.toThrow(/at most 101 tokens.*got 102.*MODEL_INVALID/);
  });
});
