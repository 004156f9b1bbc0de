import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { byName, createPipeline, type Tokenizer } from "@textdiffusion/core";
import { afterAll, describe, expect, it } from "vitest";
import { dataPlugin } from "../data-plugin.js";
import { byteLevelTokenizer, byteLevelTokenizerJson } from "./byte-level-tokenizer.js";
import { tokenizerFromFiles, tokenizerFromJson } from "./file-tokenizer.js";
import { loadTokenizer, saveTokenizer } from "./tokenizer-folder.js";

const roberta = new URL("../../../../scripts/golden/tiny-tokenizers/roberta", import.meta.url).pathname;
const scratch = mkdtempSync(join(tmpdir(), "textdiffusion-tokenizer-"));
afterAll(() => rmSync(scratch, { recursive: true }));

/** A folder with the given files. */
function folderOf(name: string, files: Record<string, string | Uint8Array>): string {
  const folder = mkdtempSync(join(scratch, `${name}-`));
  for (const [file, content] of Object.entries(files)) writeFileSync(join(folder, file), content);
  return folder;
}

type Json = {
  added_tokens: { content: string }[];
  model: { vocab: Record<string, number>; [key: string]: unknown };
};
const robertaJson = (): Json => JSON.parse(readFileSync(join(roberta, "tokenizer.json"), "utf8"));

describe("saving", () => {
  it("writes the files byte for byte as they were loaded", async () => {
    const odd = `${JSON.stringify(byteLevelTokenizerJson())}  \r\n\n`;
    const source = folderOf("odd", {
      "tokenizer.json": odd,
      "special_tokens_map.json": '{ "mask_token":"<mask>" }',
    });
    const target = join(scratch, "made", "for it");
    await saveTokenizer(await loadTokenizer(source), target);
    for (const name of ["tokenizer.json", "special_tokens_map.json"]) {
      expect(readFileSync(join(target, name))).toEqual(readFileSync(join(source, name)));
    }
    expect(() => readFileSync(join(target, "tokenizer_config.json"))).toThrow(/ENOENT/);
  });

  it("keeps a tokenizer made in code: loaded again it is the same", async () => {
    const made = byteLevelTokenizer({ maxLength: 64 });
    await saveTokenizer(made, join(scratch, "bytes"));
    const loaded = await loadTokenizer(join(scratch, "bytes"));
    expect(loaded.files).toEqual(made.files);
    expect(loaded.special).toEqual(made.special);
    expect(loaded.encode("naïve <mask>")).toEqual(made.encode("naïve <mask>"));
  });

  it("refuses a tokenizer without files and a place that is no folder", async () => {
    const bare: Tokenizer = { ...byteLevelTokenizer(), files: undefined } as unknown as Tokenizer;
    await expect(saveTokenizer(bare, scratch)).rejects.toMatchObject({ code: "UNSUPPORTED" });
    const file = join(folderOf("taken", { taken: "" }), "taken");
    await expect(saveTokenizer(byteLevelTokenizer(), join(file, "below"))).rejects.toMatchObject({
      code: "FILE_NOT_WRITABLE",
    });
  });
});

describe("roles of tokens", () => {
  it("are read from special_tokens_map.json when there is no config", async () => {
    const json = robertaJson();
    for (const token of json.added_tokens) if (token.content === "<mask>") token.content = "<hole>";
    json.model.vocab["<hole>"] = json.model.vocab["<mask>"];
    delete json.model.vocab["<mask>"];
    const tokenizer = await loadTokenizer(
      folderOf("map", {
        "tokenizer.json": JSON.stringify(json),
        "special_tokens_map.json": JSON.stringify({ mask_token: { content: "<hole>" }, pad_token: null }),
      }),
    );
    expect(tokenizer.special).toEqual({ mask: 276, pad: 1, begin: 0, end: 2, unknown: 3 });
  });

  it("come from the post-processor and the usual spellings when no file names them", () => {
    expect(tokenizerFromJson(robertaJson()).special).toEqual({
      mask: 276,
      pad: 1,
      begin: 0,
      end: 2,
      unknown: 3,
    });
    const bare = {
      ...robertaJson(),
      post_processor: null,
      added_tokens: [{ id: 276, content: "<mask>", special: true }],
    };
    expect(tokenizerFromJson(bare).special).toEqual({ mask: 276 });
    expect([...tokenizerFromJson(bare).encode("a", { frame: true })]).toEqual([68]);
  });

  it("make a token special even when added_tokens does not list it, as in Python", () => {
    const json = { ...robertaJson(), added_tokens: [] };
    const tokenizer = tokenizerFromJson(json, { mask_token: "<mask>" });
    expect([...tokenizer.encode("a<mask>")]).toEqual([68, 276]);
    expect(tokenizer.decode([68, 276])).toBe("a");
  });
});

describe("decoding", () => {
  const tokenizer = byteLevelTokenizer();

  it("of nothing is the empty text", () => {
    expect(tokenizer.decode([])).toBe("");
    expect(tokenizer.decode([0, 1, 260])).toBe("");
  });

  it("refuses ids that the vocabulary cannot have", () => {
    for (const id of [261, -1, 1.5, Number.NaN]) {
      expect(() => tokenizer.decode([4, id])).toThrow(
        /expected token ids in \[0, 261\), got .* at position 1/,
      );
    }
  });

  it("writes nothing for a hole in the vocabulary", () => {
    const json = robertaJson();
    json.added_tokens.push({ ...json.added_tokens[0], id: 300, content: "<late>" } as { content: string });
    const tokenizer = tokenizerFromJson(json);
    expect(tokenizer.vocabularySize).toBe(301);
    expect(tokenizer.token(290)).toBeUndefined();
    expect(tokenizer.decode([68, 290, 69])).toBe("ab");
  });
});

describe("bad files", () => {
  const json = (change: (json: Json) => void): string => {
    const value = robertaJson();
    change(value);
    return JSON.stringify(value);
  };

  it("a missing folder or file names the path", async () => {
    await expect(loadTokenizer(join(scratch, "nowhere"))).rejects.toMatchObject({
      code: "FILE_NOT_FOUND",
      message: expect.stringContaining(join("nowhere", "tokenizer.json")),
    });
  });

  it.each([
    ["an empty file", "", /expected JSON, got an empty file, in .*tokenizer\.json/],
    ["broken JSON", '{"model":', /expected JSON, got SyntaxError/],
    ["a list", "[]", /Hugging Face tokenizer/],
    ["no model", "{}", /at model/],
    [
      "a negative id",
      json(({ model }) => {
        model.vocab.x = -1;
      }),
      /model\.vocab/,
    ],
    [
      "an absurd id",
      json(({ model }) => {
        model.vocab.x = 4e9;
      }),
      /model\.vocab/,
    ],
    [
      "no merges",
      json(({ model }) => {
        delete model.merges;
      }),
      /can build/,
    ],
    [
      "an unknown kind of model",
      json(({ model }) => {
        model.type = "WordLevel?";
        model.vocab = [] as never;
        model.vocab = undefined as never;
      }),
      /model\.vocab/,
    ],
    [
      "an unknown decoder",
      json((value) => {
        (value as unknown as { decoder: object }).decoder = { type: "Rot13" };
      }),
      /Unknown Decoder type: Rot13/,
    ],
    [
      "an unknown token without an id",
      json(({ model }) => {
        model.unk_token = "<what>";
      }),
      /model\.unk_token "<what>"/,
    ],
    [
      "WordPiece that names no unknown token",
      json(({ model }) => {
        model.type = "WordPiece";
      }),
      /model\.unk_token of a WordPiece/,
    ],
    [
      "no mask token",
      json((value) => {
        value.added_tokens = [];
      }),
      /a mask token/,
    ],
  ])("%s", async (_, text, message) => {
    const folder = folderOf("bad", { "tokenizer.json": text });
    await expect(loadTokenizer(folder)).rejects.toMatchObject({
      code: "MODEL_INVALID",
      message: expect.stringMatching(message),
    });
    await expect(loadTokenizer(folder)).rejects.toThrow(join(folder, "tokenizer.json"));
  });

  it("bytes that are not UTF-8 are named with their place", async () => {
    const folder = folderOf("latin", { "tokenizer.json": Uint8Array.of(0x7b, 0xe9, 0x7d) });
    await expect(loadTokenizer(folder)).rejects.toThrow(/UTF-8, got a byte that is not at offset 1/);
  });

  it("a config that names a token the vocabulary lacks, and a broken config, are named too", async () => {
    const good = readFileSync(join(roberta, "tokenizer.json"), "utf8");
    expect(() =>
      tokenizerFromFiles({ "tokenizer.json": good, "tokenizer_config.json": '{"mask_token":"[M]"}' }, "m"),
    ).toThrow(/the special token "\[M\]" of the config in the vocabulary, got none, in m\/tokenizer\.json/);
    expect(() => tokenizerFromFiles({ "tokenizer.json": good, "tokenizer_config.json": "{" }, "m")).toThrow(
      /m\/tokenizer_config\.json/,
    );
    expect(() =>
      tokenizerFromFiles({ "tokenizer.json": good, "tokenizer_config.json": '{"pad_token":7}' }, "m"),
    ).toThrow(/at pad_token/);
  });
});

describe("in a config", () => {
  it("byte-level and huggingface are made by name", async () => {
    const pipeline = await createPipeline({
      plugins: [dataPlugin],
      tokenizer: { name: "huggingface", folder: roberta },
    });
    expect((await pipeline.get("tokenizer")).special.mask).toBe(276);
    const bytes = await createPipeline({ plugins: [dataPlugin], tokenizer: "byte-level" });
    expect((await bytes.get("tokenizer")).vocabularySize).toBe(261);
    await expect(
      createPipeline({ plugins: [dataPlugin], tokenizer: byName({ name: "huggingface", foldr: "x" }) }),
    ).rejects.toThrow(/tokenizer\.foldr\. Options: "folder"/);
  });
});
