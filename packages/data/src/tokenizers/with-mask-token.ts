import { findMaskToken } from "./special-tokens.js";
import { parseTokenizerFiles, type TokenizerFiles } from "./tokenizer-files.js";

/**
 * The files of a tokenizer that may lack a mask token, as GPT-2's does, with one: the token `<|mask|>` behind all others. No
 * text is spelled with it unless it holds that very spelling, and a model has no row for it: it stands where nothing is
 * written yet. Files that name a mask token are given back as they are.
 *
 * @param source - where they come from, for messages
 * @throws DiffusionError `MODEL_INVALID` for broken files
 */
export function withMaskToken(files: TokenizerFiles, source = "."): TokenizerFiles {
  const parsed = parseTokenizerFiles(files, source);
  if (findMaskToken(parsed) !== undefined) return files;
  const { added_tokens: added, model } = parsed.json;
  const inModel = Array.isArray(model.vocab) ? model.vocab.map((_, id) => id) : Object.values(model.vocab);
  const id = 1 + [...inModel, ...added.map((token) => token.id)].reduce((a, b) => Math.max(a, b), -1);
  const [json, config] = parsed.library as readonly { readonly added_tokens?: readonly object[] }[];
  const token = { id, content: spelling, ...{ single_word: false, lstrip: false, rstrip: false } };
  return {
    ...files,
    "tokenizer.json": JSON.stringify({
      ...json,
      added_tokens: [...(json.added_tokens ?? []), { ...token, normalized: false, special: true }],
    }),
    "tokenizer_config.json": JSON.stringify({ ...config, mask_token: spelling }),
  };
}

// --- internal ---

/** Spelled like GPT-2's own `<|endoftext|>`. */
const spelling = "<|mask|>";
