import type { TokenizerJson } from "./tokenizer-files.js";

/**
 * Cuts a text at the added tokens, longest first: text at even places, added tokens between. A token may take the white
 * space beside it, as RoBERTa's mask does before it (`lstrip`).
 *
 * @returns undefined when an added token asks what stands beside it
 */
export function addedTokenSplitter(
  added: TokenizerJson["added_tokens"],
): ((text: string) => string[]) | undefined {
  if (added.some(({ single_word }) => single_word)) return undefined;
  if (added.length === 0) return (text) => [text];
  const longestFirst = added.map(({ content }) => content).sort((a, b) => b.length - a.length);
  const addedToken = new RegExp(`(${longestFirst.map(escaped).join("|")})`, "u");
  const byContent = new Map(added.map((token) => [token.content, token]));
  const strips = added.some(({ lstrip, rstrip }) => lstrip || rstrip);
  return (text) => {
    const pieces = text.split(addedToken);
    if (!strips) return pieces;
    for (let index = 1; index < pieces.length; index += 2) {
      const { lstrip, rstrip } = byContent.get(pieces[index]) ?? {};
      if (lstrip) pieces[index - 1] = pieces[index - 1].trimEnd();
      if (rstrip) pieces[index + 1] = pieces[index + 1].trimStart();
    }
    return pieces;
  };
}

// --- internal ---

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
}
