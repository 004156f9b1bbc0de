import { DiffusionError, type Tokenizer } from "@textdiffusion/core";

/**
 * One token a letter: id 0 pad, 1 begin, 2 end, 3 unknown, then the letters in their order, the mask last. Special
 * tokens are spelt `<pad>`, `<s>`, `</s>`, `<unk>`, `<mask>`; a letter that is not listed is unknown.
 *
 * @param letters - the alphabet, each letter once
 * @throws DiffusionError `DATA_INVALID` for an empty alphabet or a letter listed twice
 */
export function letterTokenizer(letters: string): Tokenizer {
  const alphabet = [...letters];
  if (alphabet.length === 0 || new Set(alphabet).size !== alphabet.length) {
    throw new DiffusionError({
      code: "DATA_INVALID",
      component: "testkit/letter-tokenizer",
      problem: `expected different letters, got ${JSON.stringify(letters)}`,
      remedy: "List each letter once",
    });
  }
  const spellings = ["<pad>", "<s>", "</s>", "<unk>", ...alphabet, "<mask>"];
  const idOf = new Map(spellings.map((spelling, id) => [spelling, id]));
  const special = { pad: 0, begin: 1, end: 2, unknown: 3, mask: spellings.length - 1 };
  const specialIds = [0, 1, 2, 3, special.mask];
  return {
    vocabularySize: spellings.length,
    special,
    specialIds,
    encode: (text, { frame = false } = {}) => {
      const pieces = text.match(/<pad>|<s>|<\/s>|<unk>|<mask>|./gsu) ?? [];
      const ids = pieces.map((piece) => idOf.get(piece) ?? special.unknown);
      return Int32Array.from(frame ? [special.begin, ...ids, special.end] : ids);
    },
    decode: (ids, { keepSpecial = false } = {}) =>
      Array.from(ids, (id) => (specialIds.includes(id) && !keepSpecial ? "" : (spellings[id] ?? ""))).join(
        "",
      ),
    token: (id) => spellings[id],
    bytes: (id) =>
      spellings[id] === undefined || specialIds.includes(id)
        ? undefined
        : new TextEncoder().encode(spellings[id]),
  };
}
