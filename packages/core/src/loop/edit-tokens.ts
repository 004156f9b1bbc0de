import type { Tokenizer } from "../contracts/tokenizer.js";
import type { GenerationState } from "./generation-state.js";
import { indexOfPlace, type TokenPlace, wrongPlace } from "./token-place.js";

/** Tokens that must not stand at a place. */
export interface TokenBan extends TokenPlace {
  readonly tokens: readonly number[];
}

/**
 * The state with places masked, to be written again. Given and locked ones become editable.
 *
 * The page holds masks now that its run did not leave, so each row enters its sampler's grid where its share of masks says,
 * as under another sampler; rows that were done and have masks again are not done.
 *
 * @throws DiffusionError `PROMPT_INVALID` for a place outside the page or on padding
 */
export function maskTokens(
  { canvas, progress }: GenerationState,
  places: readonly TokenPlace[],
  { special }: Pick<Tokenizer, "special">,
): GenerationState {
  if (places.length === 0) return { canvas, progress };
  const ids = canvas.ids.slice();
  const editable = canvas.editable.slice();
  const revealLogProbs = progress.revealLogProbs.slice();
  for (const place of places) {
    const index = textIndex(canvas, place, "mask positions of the text");
    ids[index] = special.mask;
    editable[index] = 1;
    revealLogProbs[index] = Number.NaN;
  }
  const rows = new Set(places.map(({ row }) => row));
  const doneRows = progress.doneRows.filter((row) => !rows.has(row));
  return {
    canvas: { ...canvas, ids, editable },
    progress: { ...progress, steps: undefined, doneRows, revealLogProbs },
  };
}

/**
 * The state with locked and given places editable again, their tokens in place: samplers that revise may change them.
 *
 * @throws DiffusionError `PROMPT_INVALID` for a place outside the page or on padding
 */
export function unlockTokens(
  { canvas, progress }: GenerationState,
  places: readonly TokenPlace[],
): GenerationState {
  const editable = canvas.editable.slice();
  for (const place of places) editable[textIndex(canvas, place, "unlock positions of the text")] = 1;
  return { canvas: { ...canvas, editable }, progress };
}

/**
 * The state with tokens banned from editable places, besides what was banned there before. A place that holds one of them is
 * masked (`maskTokens`): another token must come.
 *
 * @throws DiffusionError `PROMPT_INVALID` for a place that the run may not write. What leaves nothing to draw, and ids that are
 *   none, the reverse loop refuses before any forward
 */
export function banTokens(
  state: GenerationState,
  bans: readonly TokenBan[],
  tokenizer: Pick<Tokenizer, "special">,
): GenerationState {
  const { canvas } = state;
  const holds = ({ tokens, ...place }: TokenBan) => {
    const what = "ban tokens from positions that the run may write";
    const index = indexOfPlace(canvas, place, what);
    if (canvas.editable[index] !== 1) throw wrongPlace(what, place, "which is not editable");
    return tokens.includes(canvas.ids[index]);
  };
  const masked = maskTokens(state, bans.filter(holds), tokenizer);
  const banned = bans.map(({ row, position, tokens }) => ({ row, position, banned: tokens }));
  const restrictions = [...(canvas.restrictions ?? []), ...banned];
  return { ...masked, canvas: { ...masked.canvas, restrictions } };
}

// --- internal ---

function textIndex(canvas: GenerationState["canvas"], place: TokenPlace, what: string): number {
  const index = indexOfPlace(canvas, place, what);
  if (canvas.attentionMask[index] === 1) return index;
  throw wrongPlace(what, place, "which is padding");
}
