import type { TokenizerJson } from "./tokenizer-files.js";

/**
 * Cuts a text at the added tokens, longest first: text at even places, added tokens between.
 *
 * @returns undefined when an added token takes more than its own spelling from the text, or asks what stands beside it
 */
export function addedTokenSplitter(
  added: TokenizerJson["added_tokens"],
): ((text: string) => string[]) | undefined {
  if (added.some(({ lstrip, rstrip, single_word }) => lstrip || rstrip || single_word)) return undefined;
  if (added.length === 0) return (text) => [text];
  const longestFirst = added.map(({ content }) => content).sort((a, b) => b.length - a.length);
  const addedToken = new RegExp(`(${longestFirst.map(escaped).join("|")})`, "u");
  return (text) => text.split(addedToken);
}

// --- internal ---

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
}
