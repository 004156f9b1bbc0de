import { DiffusionError } from "../errors/diffusion-error.js";
import type { Canvas } from "../values/canvas.js";

/** A place of a page; rows and positions count from 0. */
export interface TokenPlace {
  readonly row: number;
  readonly position: number;
}

/**
 * Index of a place in the flat arrays of its page.
 *
 * @param what - what the place is for, as in "expected to lock ..."
 * @throws DiffusionError `PROMPT_INVALID` outside the page
 */
export function indexOfPlace({ batch, seq }: Canvas, place: TokenPlace, what: string): number {
  const { row, position } = place;
  if (isBelow(row, batch) && isBelow(position, seq)) return row * seq + position;
  throw wrongPlace(what, place, `outside the page of [${batch}, ${seq}]`);
}

/** Says of a place why nothing can be done there. */
export function wrongPlace(what: string, { row, position }: TokenPlace, why: string): DiffusionError {
  return new DiffusionError({
    code: "PROMPT_INVALID",
    component: "core/edits",
    problem: `expected to ${what}, got row ${row}, position ${position}, ${why}`,
    remedy: "Choose another position; rows and positions count from 0",
    details: { row, position },
  });
}

/** True for a whole number in [0, bound). */
export function isBelow(value: number, bound: number): boolean {
  return Number.isSafeInteger(value) && value >= 0 && value < bound;
}
