import type { Tokenizer } from "@textdiffusion/core";
import { holds, same } from "../expect-law.js";
import { type Law, type LawSkip, withSkips } from "../law.js";

export interface TokenizerLawOptions {
  readonly skip?: readonly LawSkip[];
}

/**
 * The laws of `Tokenizer`: `ids-are-known`, `round-trips`, `skips-special-tokens`, `keeps-special-tokens`,
 * `frames-when-asked`, `spells-in-bytes`, `lists-special-ids`.
 *
 * @param make - makes the tokenizer
 * @param samples - texts of the kind that it is for, and of other kinds: other scripts, emoji, empty, spaces alone
 */
export function tokenizerLaws(
  make: () => Tokenizer | Promise<Tokenizer>,
  samples: readonly string[],
  { skip }: TokenizerLawOptions = {},
): Law[] {
  const law = (name: string, check: (tokenizer: Tokenizer) => void): Law => ({
    name,
    run: async () => check(await make()),
  });
  return withSkips(
    [
      law("ids-are-known", (tokenizer) => {
        for (const sample of samples) {
          for (const id of tokenizer.encode(sample)) {
            holds(
              id >= 0 && id < tokenizer.vocabularySize && tokenizer.token(id) !== undefined,
              () =>
                `expected known ids below ${tokenizer.vocabularySize} for ${JSON.stringify(sample)}, got ${id}`,
            );
          }
        }
      }),
      law("round-trips", (tokenizer) => {
        for (const sample of samples) {
          const ids = tokenizer.encode(sample);
          const again = tokenizer.encode(tokenizer.decode(ids, { keepSpecial: true }));
          same(again, ids, `the ids of ${JSON.stringify(sample)}, decoded and encoded again,`);
        }
      }),
      law("skips-special-tokens", (tokenizer) => {
        for (const sample of samples) {
          const ids = [...tokenizer.encode(sample)].filter((id) => !tokenizer.specialIds.includes(id));
          const [plain, mixed] = [tokenizer.decode(ids), tokenizer.decode([...ids, ...tokenizer.specialIds])];
          holds(
            plain === mixed,
            () =>
              `expected special tokens to be left out after ${JSON.stringify(plain)}, got ${JSON.stringify(mixed)}`,
          );
        }
      }),
      law("keeps-special-tokens", (tokenizer) => {
        for (const id of tokenizer.specialIds) {
          const spelling = tokenizer.token(id);
          const text = tokenizer.decode([id], { keepSpecial: true });
          holds(
            spelling !== undefined && text.includes(spelling.trim()),
            () =>
              `expected special token ${id} (${spelling}) in its text when asked for, got ${JSON.stringify(text)}`,
          );
        }
      }),
      law("frames-when-asked", (tokenizer) => {
        const { begin, end } = tokenizer.special;
        for (const sample of samples) {
          const expected = [
            ...(begin === undefined ? [] : [begin]),
            ...tokenizer.encode(sample),
            ...(end === undefined ? [] : [end]),
          ];
          same(
            tokenizer.encode(sample, { frame: true }),
            expected,
            `the framed ids of ${JSON.stringify(sample)}`,
          );
        }
      }),
      law("spells-in-bytes", (tokenizer) => {
        for (const sample of samples) {
          const ids = [...tokenizer.encode(sample)].filter((id) => !tokenizer.specialIds.includes(id));
          const bytes = ids.map((id) => tokenizer.bytes?.(id));
          if (bytes.includes(undefined)) continue; // a token whose text depends on its neighbours
          const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(
            Uint8Array.from(bytes.flatMap((part) => [...(part ?? [])])),
          );
          const decoded = tokenizer.decode(ids);
          holds(
            text === decoded,
            () =>
              `expected the bytes of the tokens of ${JSON.stringify(decoded)}, got ${JSON.stringify(text)}`,
          );
        }
      }),
      law("lists-special-ids", (tokenizer) => {
        const { special, specialIds, vocabularySize } = tokenizer;
        specialIds.forEach((id, index) => {
          holds(
            id >= 0 && id < vocabularySize && (index === 0 || id > specialIds[index - 1]),
            () => `expected special ids below ${vocabularySize}, ascending, got [${specialIds.join(", ")}]`,
          );
        });
        for (const [role, id] of Object.entries(special)) {
          holds(
            id === undefined || specialIds.includes(id),
            () =>
              `expected the ${role} token ${id} among the special ids [${specialIds.join(", ")}], got none`,
          );
        }
      }),
    ],
    skip,
  );
}
