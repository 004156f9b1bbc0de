import { DiffusionError, decodeOptionsSync, type Tokenizer } from "@textdiffusion/core";
import { z } from "zod";

export const myComponentOptions = z.strictObject({
  alphabet: z.string().min(1).default("ACGT").describe("The letters, each once; all others are unknown."),
  size: z
    .int()
    .min(1)
    .max(8)
    .default(3)
    .describe("Letters of a whole token; shorter ones end a run of letters."),
});

/** Options of `my-component`: `alphabet` (default "ACGT"), `size` (3). */
export type MyComponentOptions = z.input<typeof myComponentOptions>;

const roles = ["<pad>", "<s>", "</s>", "<unk>", "<mask>"] as const;

/**
 * Pieces of fixed length of a small alphabet, as they are used for DNA (k-mers): `ACGTAC` in threes is `ACG`, `TAC`.
 *
 * Every piece of 1 to `size` letters is a token, the special ones first: ids 0 to 4, then pieces by length and in the
 * order of the alphabet. A run of letters is cut from the left; what is left at its end is a shorter piece. A letter
 * outside the alphabet is `<unk>` and ends the run before it.
 *
 * @throws DiffusionError `UNKNOWN_OPTION`, `CONFIG_INVALID`, also for an alphabet that makes more than a million tokens
 */
export function myComponentTokenizer(given: MyComponentOptions = {}): Tokenizer {
  const options = decodeOptionsSync(myComponentOptions, given, "tokenizer", 'tokenizer "my-component"');
  const spellings = [...roles, ...pieces(options.alphabet, options.size)];
  const idOf = new Map<string, number>(spellings.map((spelling, id) => [spelling, id]));
  const special = { pad: 0, begin: 1, end: 2, unknown: 3, mask: 4 };
  const letters = `[${[...options.alphabet].map((letter) => `\\u{${letter.codePointAt(0)?.toString(16)}}`).join("")}]`;
  const next = new RegExp(`${roles.join("|")}|${letters}{1,${options.size}}|.`, "gsu");
  return {
    vocabularySize: spellings.length,
    special,
    specialIds: [0, 1, 2, 3, 4],
    encode: (text, { frame = false } = {}) => {
      const ids = Array.from(text.matchAll(next), ([piece]) => idOf.get(piece) ?? special.unknown);
      return Int32Array.from(frame ? [special.begin, ...ids, special.end] : ids);
    },
    decode: (ids, { keepSpecial = false } = {}) =>
      Array.from(ids, (id) => (id < roles.length && !keepSpecial ? "" : (spellings[id] ?? ""))).join(""),
    token: (id) => spellings[id],
  };
}

// --- internal ---

/** All pieces of 1 to `size` letters, short ones first. */
function pieces(alphabet: string, size: number): string[] {
  const letters = [...alphabet];
  const count = letters.length ** size;
  if (new Set(letters).size !== letters.length || count > 1e6) {
    throw new DiffusionError({
      code: "CONFIG_INVALID",
      component: "my-component/tokenizer",
      problem: `expected different letters and at most a million pieces, got ${JSON.stringify(alphabet)} and ${count} of size ${size}`,
      remedy: "List each letter once, or lower the size",
      details: { alphabet, size },
    });
  }
  const all: string[] = [];
  let last = [""];
  for (let length = 1; length <= size; length++) {
    last = last.flatMap((piece) => letters.map((letter) => piece + letter));
    all.push(...last);
  }
  return all;
}
