import { addedTokenSplitter } from "./added-tokens.js";
import type { TokenizerJson } from "./tokenizer-files.js";

/**
 * Byte-level BPE word by word, each word that was seen before from memory: words repeat, and the library spends most of
 * its time on what it does for any text. Same ids as the library's, tested against it.
 *
 * @param encode - the library's: text to ids, without a frame
 * @returns text to ids, or undefined for a tokenizer whose ids of a text are not those of its words in turn
 */
export function wordEncoder(
  { added_tokens, model, normalizer, pre_tokenizer }: TokenizerJson,
  encode: (text: string) => number[],
): ((text: string) => number[]) | undefined {
  const bytes = pre_tokenizer?.type === "ByteLevel" && !pre_tokenizer.add_prefix_space;
  const byWords = bytes && (pre_tokenizer as { use_regex?: boolean }).use_regex !== false;
  const split = addedTokenSplitter(added_tokens);
  if (model.type !== "BPE" || model.dropout || normalizer !== null || !byWords || !split) return undefined;
  const idOfAdded = new Map(added_tokens.map(({ content, id }) => [content, id]));
  const seen = new Map<string, number[]>();

  const wordIds = (word: string) => {
    const known = seen.get(word);
    if (known) return known;
    const ids = encode(word);
    if (seen.size >= MAX_WORDS) seen.clear();
    if (word.length <= MAX_WORD_LENGTH) seen.set(word, ids);
    return ids;
  };

  return (text) => {
    const ids: number[] = [];
    split(text).forEach((piece, index) => {
      if (index % 2 === 1) ids.push(idOfAdded.get(piece) as number);
      else for (const [word] of piece.matchAll(words)) for (const id of wordIds(word)) ids.push(id);
    });
    return ids;
  };
}

// --- internal ---

/** Together at most some 10 MB; a text has fewer frequent words. */
const MAX_WORDS = 65_536;
const MAX_WORD_LENGTH = 64;

/** As the library cuts, with JavaScript's `\s`; a word alone is cut no further. Radford et al. 2019 (GPT-2). */
const words = /'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+/gu;
