import { Tokenizer as Library } from "@huggingface/tokenizers";
import { Random } from "@textdiffusion/core";
import { describe, expect, it } from "vitest";
import { byteLevelTokenizer } from "./byte-level-tokenizer.js";
import { tokenizerFromJson } from "./file-tokenizer.js";
import { trainTokenizer } from "./training/train-tokenizer.js";
import { wordEncoder } from "./word-encoder.js";

// What the rules of cutting look at: letters, digits, apostrophes, kinds of white space, parts of added tokens.
const pieces = [
  ...[
    "the",
    " the",
    "cat",
    "'s",
    "'",
    "'LL",
    "'ll",
    "12",
    " 7",
    "\u00b2",
    "!",
    " ?",
    "a\u0301",
    "\u017c\u00f3\u0142\u0107",
  ],
  ...[
    " ",
    "  ",
    "\n",
    "\r\n",
    "\t",
    "\u00a0",
    "\u0085",
    "\ufeff",
    "\u2003",
    "\u200b",
    "\u{1f469}\u200d\u{1f4bb}",
    "\u4f60\u597d",
  ],
  ...["<mask>", "<mask", "<s>", "</s>", "<<pad>>", "mask>", "\ud800"],
];

describe("wordEncoder", () => {
  it.each([
    ["that take nothing beside them", {}],
    ["of which the mask takes the space before it, as RoBERTa's", { "<mask>": { lstrip: true } }],
    ["that take what they can", { "<mask>": { rstrip: true }, "<s>": { lstrip: true, rstrip: true } }],
  ])("gives the library's ids for any text, with added tokens %s", async (_, strips) => {
    const corpus = [pieces.slice(0, 26).join("").repeat(20), "the cat's 12 cats, the cat'll ".repeat(50)];
    const { files } = await trainTokenizer(corpus, { vocabularySize: 330 });
    const json = JSON.parse(files["tokenizer.json"]);
    for (const token of json.added_tokens) Object.assign(token, strips[token.content as keyof typeof strips]);
    const config = JSON.parse(files["tokenizer_config.json"] ?? "{}");
    expect(wordEncoder(json, () => [])).toBeDefined(); // else the library would be held against itself
    const ours = tokenizerFromJson(json, config);
    const library = new Library(json, config);
    const random = Random.fromSeed(7);
    let merged = 0;
    for (let text = 0; text < 2000; text++) {
      const order = random.split("text", text).permutation(pieces.length);
      const written = [...order.slice(0, 1 + (text % 12))].map((index) => pieces[index]).join("");
      const expected = library.encode(written, { add_special_tokens: false }).ids;
      expect([...ours.encode(written)], JSON.stringify(written)).toEqual(expected);
      if (expected.length < byteLevelTokenizer().encode(written).length) merged++;
    }
    expect(merged).toBeGreaterThan(1000); // else the words are spelled in bytes, and nothing is tested
  });
});
