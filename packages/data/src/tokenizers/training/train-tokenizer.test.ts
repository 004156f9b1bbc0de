import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { tokenizerFromFiles } from "../file-tokenizer.js";
import { trainTokenizer } from "./train-tokenizer.js";

const text = readFileSync(new URL("../../../../../LICENSE", import.meta.url), "utf8");

describe("a trained tokenizer", () => {
  it("cuts its text, read by Hugging Face's library, into the tokens that training ended with", async () => {
    const { files, vocabularySize, tokens, bytes } = await trainTokenizer([text], { vocabularySize: 700 });
    const tokenizer = tokenizerFromFiles(files, "trained");
    expect(vocabularySize).toBe(700);
    expect(tokenizer.vocabularySize).toBe(700);
    expect(bytes).toBe(Buffer.byteLength(text));
    expect(tokenizer.encode(text)).toHaveLength(tokens);
    expect(bytes / tokens).toBeGreaterThan(2.5);
  });

  it("spells every text, seen or not, and gives it back", async () => {
    const { files } = await trainTokenizer(["aaa bbb aaa"], { vocabularySize: 300, maxLength: 64 });
    const tokenizer = tokenizerFromFiles(files, "trained");
    for (const unseen of ["aaab", "  two  spaces\n\n", "Größe 𝒳 ﷽", "\u0000\u0085\ufeff", "it's 12%"]) {
      expect(tokenizer.decode(tokenizer.encode(unseen))).toBe(unseen);
    }
    expect(tokenizer.special).toEqual({ begin: 0, pad: 1, end: 2, unknown: 3, mask: 4 });
    expect(JSON.parse(files["tokenizer_config.json"] as string).model_max_length).toBe(64);
  });

  it("has no token across documents, nor across words", async () => {
    const { files } = await trainTokenizer(["ab", "ab", "c d c d"], { vocabularySize: 400, minFrequency: 1 });
    const { merges } = JSON.parse(files["tokenizer.json"]).model;
    expect(merges).toEqual(["a b", "Ġ d", "Ġ c"]);
  });

  it("ends early when no pair is frequent enough", async () => {
    const { vocabularySize } = await trainTokenizer(["ab ab xy"], { vocabularySize: 5000 });
    expect(vocabularySize).toBe(262); // "ab"; a space before it occurs once
  });

  it.each<[string, Iterable<string>, object, RegExp]>([
    ["no room for the bytes", ["a"], { vocabularySize: 260 }, /at least 261, got 260.*CONFIG_INVALID/],
    ["half a token", ["a"], { vocabularySize: 300.5 }, /got 300.5.*CONFIG_INVALID/],
    ["a frequency of 0", ["a"], { vocabularySize: 300, minFrequency: 0 }, /minFrequency.*CONFIG_INVALID/],
    ["no text", ["", ""], { vocabularySize: 300 }, /got none.*DATA_INVALID/],
    [
      "an abort",
      [text],
      { vocabularySize: 300, signal: AbortSignal.abort() },
      /Nothing was written.*ABORTED/,
    ],
  ])("is refused for %s", async (_, texts, options, message) => {
    await expect(trainTokenizer(texts, options as { vocabularySize: number })).rejects.toThrow(message);
  });
});
