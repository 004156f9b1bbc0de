import type { Tokenizer } from "../contracts/tokenizer.js";
import { DiffusionError } from "../errors/diffusion-error.js";
import type { GenerationState } from "./generation-state.js";
import { indexOfPlace, isBelow, type TokenPlace, wrongPlace } from "./token-place.js";

/** A token that is written by hand and that no sampler changes from then on. */
export interface TokenLock extends TokenPlace {
  /** Any token but the mask. */
  readonly token: number;
}

/**
 * The state with tokens put in place at editable positions, masked or not, which are not editable any more: a fork in
 * which the run goes on around them.
 *
 * @throws DiffusionError `PROMPT_INVALID` for a place that the run may not write or that is locked twice,
 *   `TOKEN_OUT_OF_RANGE` for a token that is none
 */
export function lockTokens(
  { canvas, progress }: GenerationState,
  locks: readonly TokenLock[],
  tokenizer: Pick<Tokenizer, "token" | "special" | "vocabularySize">,
): GenerationState {
  const ids = canvas.ids.slice();
  const editable = canvas.editable.slice();
  const revealLogProbs = progress.revealLogProbs.slice();
  for (const lock of locks) {
    const what = "lock positions that the run may write";
    const index = indexOfPlace(canvas, lock, what);
    if (editable[index] !== 1) {
      throw wrongPlace(what, lock, canvas.editable[index] === 1 ? "twice" : "which is not editable");
    }
    assertToken(lock.token, tokenizer);
    ids[index] = lock.token;
    editable[index] = 0;
    revealLogProbs[index] = Number.NaN;
  }
  // What may be drawn at a locked position says nothing any more.
  const restrictions = canvas.restrictions?.filter(
    ({ row, position }) => editable[row * canvas.seq + position] === 1,
  );
  return { canvas: { ...canvas, ids, editable, restrictions }, progress: { ...progress, revealLogProbs } };
}

// --- internal ---

function assertToken(
  token: number,
  tokenizer: Pick<Tokenizer, "token" | "special" | "vocabularySize">,
): void {
  const { special, vocabularySize } = tokenizer;
  if (isBelow(token, vocabularySize) && tokenizer.token(token) !== undefined && token !== special.mask)
    return;
  throw new DiffusionError({
    code: "TOKEN_OUT_OF_RANGE",
    component: "core/edits",
    problem: `expected a token of the vocabulary other than the mask to lock, got ${token}`,
    remedy: `Use an id in [0, ${vocabularySize})`,
  });
}
