import { DiffusionError, type PromptPart } from "textdiffusion";

/**
 * `The {3} ran` as text with a gap of three tokens, `{2..6}` as a gap whose length is searched. A backslash before a
 * brace makes it a letter, and any other brace is one anyway.
 *
 * @returns the text itself where it has no gap, which is a prompt to continue
 * @throws DiffusionError `PROMPT_INVALID` for a gap of no tokens, or one that ends before it begins
 */
export function parsePrompt(prompt: string): string | PromptPart[] {
  const parts: PromptPart[] = [];
  let text = "";
  let hasGap = false;
  for (const [piece, least, most] of prompt.matchAll(/\{(\d+)(?:\.\.(\d+))?\}|\\[{}]|./gsu)) {
    if (least === undefined) {
      text += piece.length === 2 && piece[0] === "\\" ? piece[1] : piece;
      continue;
    }
    hasGap = true;
    if (text !== "") parts.push(text);
    text = "";
    parts.push({ gap: gapOf(piece, Number(least), most === undefined ? undefined : Number(most)) });
  }
  if (!hasGap) return text;
  if (text !== "") parts.push(text);
  return parts;
}

// --- internal ---

function gapOf(piece: string, min: number, max: number | undefined): number | { min: number; max: number } {
  if (min >= 1 && (max === undefined || max >= min)) return max === undefined ? min : { min, max };
  throw new DiffusionError({
    code: "PROMPT_INVALID",
    component: "cli/options",
    problem: `expected gaps of at least 1 token, the second number not below the first, got ${piece}`,
    remedy: "Write {3} or {2..6}, and \\{ for a brace of the text",
  });
}
