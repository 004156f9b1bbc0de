import type { Tokenizer } from "@textdiffusion/core";
import { printable } from "./display-width.js";

/** What a position shows: its text, or undefined where a mask stands. */
export type CellText = string | undefined;

/** What stands in for a character of which only some bytes are settled. */
export const INCOMPLETE = "▯";

/**
 * Ids of one row to the text that each position adds to the page.
 *
 * A token is decoded after its left neighbour, so that spaces and word pieces come out as they will in the whole text.
 * Tokens that hold parts of one character (byte-level tokenizers) wait for the rest: each shows a placeholder until the
 * character is whole, which then stands at the first of them. Special tokens of the frame show nothing, special tokens
 * that were written show their spelling.
 *
 * @param ids - one row; shape [seq]
 * @param editable - 0 on prompt, frame and padding; shape [seq]
 */
export function tokenCells(tokenizer: Tokenizer, ids: Int32Array, editable: Uint8Array): CellText[] {
  const special = new Set(tokenizer.specialIds);
  const cells: CellText[] = new Array<CellText>(ids.length).fill("");
  let pending: number[] = []; // positions that wait for the rest of a character
  let context: number[] = []; // the last settled token, if it stands directly to the left

  const giveUp = () => {
    for (const position of pending) cells[position] = INCOMPLETE;
    pending = [];
  };
  for (let position = 0; position < ids.length; position++) {
    const id = ids[position];
    if (id === tokenizer.special.mask || special.has(id)) {
      giveUp();
      context = id === tokenizer.special.mask ? [id] : [];
      if (id === tokenizer.special.mask) cells[position] = undefined;
      else if (editable[position] === 1) cells[position] = tokenizer.token(id) ?? "";
      continue;
    }
    const before = pending.map((earlier) => ids[earlier]);
    let text = added(tokenizer, [...context, ...before], context.length, id);
    if (pending.length > 0 && text.startsWith("\ufffd")) {
      if (text === "\ufffd" && pending.length < 3) {
        pending.push(position); // three or four bytes make the character
        continue;
      }
      giveUp(); // the bytes before were no character after all
      text = added(tokenizer, [], 0, id);
    }
    if (text.endsWith("\ufffd")) {
      pending.push(position);
      continue;
    }
    cells[pending[0] ?? position] = printable(text);
    pending = [];
    context = [id];
  }
  giveUp();
  return cells;
}

// --- internal ---

/** Text that `id` adds after `before`, not counting what the first `known` of those say. */
function added(tokenizer: Tokenizer, before: readonly number[], known: number, id: number): string {
  const start = tokenizer.decode(before.slice(0, known), { keepSpecial: true });
  const whole = tokenizer.decode([...before, id], { keepSpecial: true });
  return whole.startsWith(start) ? whole.slice(start.length) : tokenizer.decode([...before.slice(known), id]);
}
