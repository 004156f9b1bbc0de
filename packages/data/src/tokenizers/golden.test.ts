import { readFileSync } from "node:fs";
import { tokenizerLaws } from "@textdiffusion/testkit";
import { describe, expect, it } from "vitest";
import { byteLevelTokenizer } from "./byte-level-tokenizer.js";
import { loadTokenizer } from "./tokenizer-folder.js";

/** Made by scripts/golden/tiny_tokenizers.py with Python's tokenizers. */
const golden = new URL("../../../../scripts/golden/tiny-tokenizers/", import.meta.url);

interface Case {
  readonly text: string;
  readonly ids: number[];
  readonly framed: number[];
  readonly decoded: string;
  readonly decodedWithSpecial: string;
}

const tokenizers = {
  bert: () => loadTokenizer(new URL("bert", golden).pathname),
  roberta: () => loadTokenizer(new URL("roberta", golden).pathname),
  "byte-level": async () => byteLevelTokenizer(),
};

describe.each(Object.entries(tokenizers))("%s against Python's tokenizers", (name, make) => {
  const cases: Case[] = JSON.parse(readFileSync(new URL(`${name}/expected.json`, golden), "utf8"));

  it.each(cases.map((expected) => [JSON.stringify(expected.text), expected] as const))(
    "%s",
    async (_, expected) => {
      const tokenizer = await make();
      expect([...tokenizer.encode(expected.text)]).toEqual(expected.ids);
      expect([...tokenizer.encode(expected.text, { frame: true })]).toEqual(expected.framed);
      expect(tokenizer.decode(expected.framed)).toBe(expected.decoded);
      expect(tokenizer.decode(expected.framed, { keepSpecial: true })).toBe(expected.decodedWithSpecial);
    },
  );

  it("says the bytes of its tokens, where they may hold parts of a character", async () => {
    const tokenizer = await make();
    for (const { ids, decoded, text } of cases) {
      if (ids.some((id) => tokenizer.specialIds.includes(id))) continue;
      const bytes = ids.map((id) => tokenizer.bytes?.(id));
      if (name === "bert") expect(bytes.every((each) => each === undefined)).toBe(true);
      else {
        const whole = Uint8Array.from(bytes.flatMap((each) => [...(each ?? [])]));
        expect(new TextDecoder("utf-8", { ignoreBOM: true }).decode(whole), text).toBe(decoded);
      }
    }
    expect(tokenizer.bytes?.(tokenizer.special.mask)).toBeUndefined();
  });

  const laws = tokenizerLaws(
    make,
    cases.map(({ text }) => text),
  );
  for (const law of laws) it(`obeys the law ${law.name}`, () => law.run());
});

describe("special tokens", () => {
  it("are found for BERT", async () => {
    const { special, specialIds, vocabularySize } = await tokenizers.bert();
    expect(special).toEqual({ mask: 4, pad: 0, begin: 2, end: 3, unknown: 1 });
    expect(specialIds).toEqual([0, 1, 2, 3, 4]);
    expect(vocabularySize).toBe(70);
  });

  it("are found for RoBERTa, also where the config names the mask token by an object", async () => {
    const { special, specialIds, vocabularySize } = await tokenizers.roberta();
    expect(special).toEqual({ mask: 276, pad: 1, begin: 0, end: 2, unknown: 3 });
    expect(specialIds).toEqual([0, 1, 2, 3, 276]);
    expect(vocabularySize).toBe(277);
  });
});
