import type { NamedChoice } from "../composition/config.js";
import type { TokenRestriction } from "./token-restriction.js";

/** What a constraint is shown of a row before the first step. All arrays are read-only views. */
export interface ConstrainedRow {
  /** Index in the batch, for messages. */
  readonly row: number;
  /** Tokens; shape [seq]. */
  readonly ids: Int32Array;
  /** 1 where a sampler may write; shape [seq]. */
  readonly editable: Uint8Array;
  /** 1 where the row has a token, 0 on padding; shape [seq]. */
  readonly attentionMask: Uint8Array;
  readonly maskTokenId: number;
  /** One more than the largest id that can be drawn. */
  readonly vocabularySize: number;
  /** Ids that can be drawn nowhere. */
  readonly suppressed: readonly number[];
  /** What a position may take besides, undefined where nothing else is said. */
  restrictionAt(position: number): TokenRestriction | undefined;
}

/**
 * A condition on the text of a row that must hold when nothing is masked any more: that it matches a regular expression,
 * that it parses, that two gaps rhyme.
 *
 * The loop asks it in each step what the requested positions may take, and the tokens that a sampler commits are written
 * one after the other: one that would leave no way to fill the rest is refused. It stays as it was for a later step; in
 * the last step it is drawn again, from the same prediction, among what is possible by then. So every text meets its
 * constraint, whatever the sampler, and no sampler has to know of it.
 */
export interface Constraint {
  readonly name: string;
  /**
   * Called once for each row, before any forward.
   *
   * @throws DiffusionError `PROMPT_INVALID` for a row that no fill completes, with the reason
   */
  open(row: ConstrainedRow): RowConstraint;
  /** What it was made of, for traces; where it is left out a trace only knows the name. */
  toJSON?(): NamedChoice;
}

/**
 * A constraint on one row. Holds no state that an answer depends on.
 *
 * Laws (testkit `constraintLaws`): a token is among the candidates of a position iff the row with it is completable; a row
 * that is completable with a token is so with a mask in its place.
 */
export interface RowConstraint {
  /** Whether the masks of `ids` can be filled so that the constraint holds. */
  completable(ids: Int32Array): boolean;
  /**
   * What each of `positions` may take, whatever stands there now and all others as they stand, so that the row is
   * completable; undefined where the constraint has nothing to say. Restrictions of the row are included.
   *
   * @param positions - editable positions, ascending
   * @returns shape [positions]
   */
  candidates(ids: Int32Array, positions: Int32Array): readonly (TokenRestriction | undefined)[];
}
