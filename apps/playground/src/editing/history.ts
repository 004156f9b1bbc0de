import type { Recording } from "@textdiffusion/render";

/** What a position held, from a frame on. */
export interface Held {
  readonly frame: number;
  /** null: a mask. */
  readonly text: string | null;
  /** Probability that its token was drawn with. */
  readonly probability?: number;
  /** Put there by hand. */
  readonly edited: boolean;
}

/** What a position held up to a frame, one entry for each change, the first at frame 0. */
export function historyOf({ cells, frames }: Recording, index: number, until: number): Held[] {
  const held: Held[] = [{ frame: 0, text: cells[index], edited: false }];
  for (const [step, { changes, edited = false }] of frames.slice(0, until).entries()) {
    const change = changes.findLast(([at]) => at === index);
    if (change) held.push({ frame: step + 1, text: change[1], probability: change[2], edited });
  }
  return held;
}
