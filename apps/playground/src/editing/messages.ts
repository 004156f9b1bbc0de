/** What is to be changed by hand in a frame, by position of the one row. */
export interface Edits {
  /** Keep what stands there. */
  readonly locked: readonly number[];
  readonly unlocked: readonly number[];
  /** Text to put in place, which stays; of several tokens it takes as many positions. */
  readonly forced: readonly { readonly position: number; readonly text: string }[];
  /** Tokens that must not stand there. */
  readonly banned: readonly { readonly position: number; readonly token: number }[];
  /** Positions to write again, everything else staying as it stands. Then there are no other edits. */
  readonly rewritten: readonly number[];
}

export const noEdits: Edits = { locked: [], unlocked: [], forced: [], banned: [], rewritten: [] };

/** A frame of what is shown, and what is to be changed in it before the run goes on. */
export interface Continuation {
  readonly frame: number;
  readonly edits: Edits;
}

/** What the page asks of a position; the answer is an `Inspection`. */
export interface InspectOrder {
  readonly kind: "inspect";
  readonly frame: number;
  readonly position: number;
}

/** What the model thinks of a position. */
export interface Inspection {
  readonly kind: "inspected";
  readonly frame: number;
  readonly position: number;
  /** What stands there; the mask, too. */
  readonly token: number;
  readonly isGiven: boolean;
  readonly isLocked: boolean;
  /** The frame that wrote what stands there, if a run did: candidates are those of its step. */
  readonly writtenIn?: number;
  /** In nats. */
  readonly entropy: number;
  readonly candidates: readonly {
    readonly token: number;
    readonly text: string;
    readonly probability: number;
  }[];
}

/** Positions that are locked from a frame on, up to that of the next entry. */
export interface LocksReport {
  readonly kind: "locks";
  readonly from: readonly { readonly frame: number; readonly positions: readonly number[] }[];
}
