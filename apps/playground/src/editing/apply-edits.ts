import {
  banTokens,
  DiffusionError,
  type GenerationState,
  lockTokens,
  maskTokens,
  type Tokenizer,
  type TokenLock,
  unlockTokens,
} from "@textdiffusion/core";
import type { Edits } from "./messages.js";

/**
 * The state of a page of one row with what was changed by hand.
 *
 * @throws DiffusionError `TOKEN_OUT_OF_RANGE` for text that the tokenizer cannot write, `PROMPT_INVALID` for text that is longer than the
 *   page
 */
export function applyEdits(state: GenerationState, edits: Edits, tokenizer: Tokenizer): GenerationState {
  const place = (position: number) => ({ row: 0, position });
  if (edits.rewritten.length > 0) {
    const masked = maskTokens(state, edits.rewritten.map(place), tokenizer);
    return lockTokens(masked, standing(masked, tokenizer), tokenizer);
  }
  const forced = edits.forced.flatMap(({ position, text }) =>
    tokensOf(text, tokenizer).map((token, index): TokenLock => ({ ...place(position + index), token })),
  );
  const isForced = new Set(forced.map(({ position }) => position));
  const banned = edits.banned.filter(({ position }) => !isForced.has(position));
  const open = unlockTokens(state, [
    ...edits.unlocked.map(place),
    ...banned.map(({ position }) => place(position)),
    ...forced,
  ]);
  const bans = banned.map(({ position, token }) => ({ ...place(position), tokens: [token] }));
  const without = banTokens(open, bans, tokenizer);
  const kept = standing(without, tokenizer).filter(
    ({ position }) => edits.locked.includes(position) && !isForced.has(position),
  );
  return lockTokens(without, [...forced, ...kept], tokenizer);
}

// --- internal ---

/** Every token that the run may write over. */
function standing({ canvas: { ids, editable } }: GenerationState, { special }: Tokenizer): TokenLock[] {
  return [...ids.keys()]
    .filter((position) => editable[position] === 1 && ids[position] !== special.mask)
    .map((position) => ({ row: 0, position, token: ids[position] }));
}

function tokensOf(text: string, tokenizer: Tokenizer): readonly number[] {
  const ids = [...tokenizer.encode(text)];
  if (ids.length > 0 && !ids.some((id) => tokenizer.specialIds.includes(id))) return ids;
  throw new DiffusionError({
    code: "TOKEN_OUT_OF_RANGE",
    component: "playground/editing",
    problem: `expected text that the model's tokenizer knows, got ${JSON.stringify(text)}`,
    remedy: "Put other text there",
  });
}
