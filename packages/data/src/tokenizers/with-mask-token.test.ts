import { describe, expect, it } from "vitest";
import { tokenizerFromFiles } from "./file-tokenizer.js";
import { trainTokenizer } from "./training/train-tokenizer.js";
import { withMaskToken } from "./with-mask-token.js";

const text = "It is a truth universally acknowledged. <|endoftext|>Naïve 🎈, tabs\tand  spaces <mask>";

describe("a tokenizer without a mask token", async () => {
  const files = await gpt2Files();
  const given = withMaskToken(files);
  const tokenizer = tokenizerFromFiles(given);

  it("is refused as it is", () => {
    expect(() => tokenizerFromFiles(files)).toThrow(/a mask token/);
  });
  it("gets one behind all its tokens, and no other id changes", () => {
    const { vocab } = JSON.parse(files["tokenizer.json"]).model as { vocab: Record<string, number> };
    const end = Object.keys(vocab).length;
    expect(tokenizer.special.mask).toBe(end + 1);
    expect(tokenizer.vocabularySize).toBe(end + 2);
    expect(tokenizer.token(end)).toBe("<|endoftext|>");
    for (const [token, id] of Object.entries(vocab)) expect(tokenizer.token(id)).toBe(token);
  });
  it("spells every text without it, and decodes to nothing for it", () => {
    const ids = tokenizer.encode(text);
    expect(ids).not.toContain(tokenizer.special.mask);
    expect(tokenizer.decode(ids, { keepSpecial: true })).toBe(text);
    expect(tokenizer.decode([...ids.slice(0, 3), tokenizer.special.mask, ...ids.slice(3)])).toBe(
      text.replace("<|endoftext|>", ""),
    );
  });
  it("is left as it is once it has one", () => {
    expect(withMaskToken(given)).toBe(given);
  });
});

// --- internal ---

/** The files that GPT-2 comes with: one special token, at the end, and a config that names none. */
async function gpt2Files() {
  const { files: trained } = await trainTokenizer([text.repeat(4)], { vocabularySize: 280 });
  const json = JSON.parse(trained["tokenizer.json"]);
  const special = new Set(json.added_tokens.map(({ content }: { content: string }) => content));
  const ordinary = Object.keys(json.model.vocab).filter((token) => !special.has(token));
  json.model.vocab = Object.fromEntries(ordinary.map((token, id) => [token, id]));
  const end = { ...json.added_tokens[0], id: ordinary.length, content: "<|endoftext|>", normalized: true };
  const processor = { type: "ByteLevel", add_prefix_space: true, trim_offsets: false };
  return {
    "tokenizer.json": JSON.stringify({ ...json, added_tokens: [end], post_processor: processor }),
    "tokenizer_config.json": JSON.stringify({ model_max_length: 1024 }),
  };
}
