import { Tokenizer as Library } from "@huggingface/tokenizers";
import { Random } from "@textdiffusion/core";
import { describe, expect, it } from "vitest";
import { byteAlphabet } from "./byte-ids.js";
import {
  byteLevelTokenizer,
  byteLevelTokenizerConfig,
  byteLevelTokenizerJson,
} from "./byte-level-tokenizer.js";
import { tokenizerFromJson } from "./file-tokenizer.js";

const tokenizer = byteLevelTokenizer();
const utf8 = new TextEncoder();

describe("byte-level tokenizer", () => {
  it("has RoBERTa's order: specials, then byte b at 4 + b, the mask last", () => {
    expect(tokenizer.special).toEqual({ begin: 0, pad: 1, end: 2, unknown: 3, mask: 260 });
    expect(tokenizer.specialIds).toEqual([0, 1, 2, 3, 260]);
    expect(tokenizer.vocabularySize).toBe(261);
    const text = "Zażółć gęślą jaźń 你好 👩‍💻";
    expect([...tokenizer.encode(text)]).toEqual([...utf8.encode(text)].map((byte) => 4 + byte));
  });

  it("spells bytes with GPT-2's table", () => {
    // The table of GPT-2's bytes_to_unicode, said another way: the bytes it moves, and where it moves them.
    const moved = [...span(0x00, 0x20), ...span(0x7f, 0xa0), 0xad];
    expect(moved).toHaveLength(68);
    byteAlphabet().forEach((symbol, byte) => {
      const place = moved.indexOf(byte);
      expect(symbol.codePointAt(0)).toBe(place < 0 ? byte : 0x100 + place);
      expect(tokenizer.token(4 + byte)).toBe(symbol);
    });
    expect(tokenizer.token(4 + 0x20)).toBe("Ġ");
    expect(tokenizer.token(4 + 0x0a)).toBe("Ċ");
  });

  it("gives back every text, a character of each plane and each ASCII character included", () => {
    const ascii = String.fromCharCode(...span(0, 127));
    const planes = Array.from({ length: 17 }, (_, plane) =>
      String.fromCodePoint(plane * 0x10000 + 0xfffd),
    ).join("");
    for (const text of [ascii, planes, "\ufeffbom", "e\u0301 \u0000 \r\n\t  ", "<mas k>", "< mask>"]) {
      expect(tokenizer.decode(tokenizer.encode(text))).toBe(text);
    }
  });

  it("encodes random texts full of special tokens exactly as the library does in one call", () => {
    const library = new Library(byteLevelTokenizerJson(), byteLevelTokenizerConfig());
    const pieces = [
      "<mask>",
      "<s>",
      "</s>",
      "<pad>",
      "<unk>",
      "<",
      "mask>",
      " ",
      "\n",
      "é",
      "你",
      "👩‍💻",
      "\ud800",
      "a",
      "'s",
      "<ma",
    ];
    const random = Random.fromSeed(11);
    for (let round = 0; round < 300; round++) {
      const stream = random.split("text", round);
      const text = Array.from(
        { length: stream.integer(20) },
        (_, index) => pieces[stream.integer(pieces.length, 1 + index)],
      ).join("");
      const { ids } = library.encode(text, { add_special_tokens: false });
      expect([...tokenizer.encode(text)]).toEqual(ids);
    }
  });

  it("encodes a megabyte, which the library alone takes seconds for", () => {
    const text = "It is a truth universally acknowledged — ".repeat(25_000);
    const ids = tokenizer.encode(text);
    const bytes = utf8.encode(text);
    expect(ids).toHaveLength(bytes.length);
    expect(ids.findIndex((id, index) => id !== 4 + bytes[index])).toBe(-1);
  });

  it("takes longer added tokens before shorter ones, and leaves the short cut when a token strips spaces", () => {
    const json = byteLevelTokenizerJson() as {
      added_tokens: { id: number; content: string; lstrip: boolean }[];
    };
    const longer = { ...json.added_tokens[0], id: 261, content: "<s><s>" };
    const long = tokenizerFromJson({ ...json, added_tokens: [...json.added_tokens, longer] });
    expect([...long.encode("<s><s><s>")]).toEqual([261, 0]);
    const strips = json.added_tokens.map((token) => ({ ...token, lstrip: true }));
    expect([...tokenizerFromJson({ ...json, added_tokens: strips }).encode("a <mask>")]).toEqual([
      4 + 97,
      260,
    ]);
  });

  it("writes the row length of the model for Python, when it is told", () => {
    expect(byteLevelTokenizerConfig({ maxLength: 128 })).toMatchObject({
      model_max_length: 128,
      mask_token: "<mask>",
    });
    expect(byteLevelTokenizerConfig()).not.toHaveProperty("model_max_length");
  });
});

function span(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}
