import type { Tokenizer } from "../contracts/tokenizer.js";
import { DiffusionError } from "../errors/diffusion-error.js";
import type { GenerationState } from "./generation-state.js";

/** A token that is written by hand and that no sampler changes from then on. */
export interface TokenLock {
  readonly row: number;
  readonly position: number;
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
  for (const { row, position, token } of locks) {
    const inside = isBelow(row, canvas.batch) && isBelow(position, canvas.seq);
    const index = row * canvas.seq + position;
    if (!inside || editable[index] !== 1) {
      throw new DiffusionError({
        code: "PROMPT_INVALID",
        component: "core/locks",
        problem: `expected to lock positions that the run may write, got row ${row}, position ${position}, ${
          inside
            ? canvas.editable[index] === 1
              ? "twice"
              : "which is not editable"
            : `outside the page of [${canvas.batch}, ${canvas.seq}]`
        }`,
        remedy: "Choose another position; rows and positions count from 0",
        details: { row, position },
      });
    }
    if (!isBelow(token, tokenizer.vocabularySize) || tokenizer.token(token) === undefined || isMask(token)) {
      throw new DiffusionError({
        code: "TOKEN_OUT_OF_RANGE",
        component: "core/locks",
        problem: `expected a token of the vocabulary other than the mask to lock, got ${token}`,
        remedy: `Use an id in [0, ${tokenizer.vocabularySize})`,
      });
    }
    ids[index] = token;
    editable[index] = 0;
    revealLogProbs[index] = Number.NaN;
  }
  // What may be drawn at a locked position says nothing any more.
  const restrictions = canvas.restrictions?.filter(
    ({ row, position }) => editable[row * canvas.seq + position] === 1,
  );
  return { canvas: { ...canvas, ids, editable, restrictions }, progress: { ...progress, revealLogProbs } };

  function isMask(token: number): boolean {
    return token === tokenizer.special.mask;
  }
}

// --- internal ---

function isBelow(value: number, bound: number): boolean {
  return Number.isSafeInteger(value) && value >= 0 && value < bound;
}
