import { bothRestrictions, permits, type TokenRestriction } from "../contracts/token-restriction.js";
import { DiffusionError, type ErrorCode } from "../errors/diffusion-error.js";
import type { Canvas } from "../values/canvas.js";

/** What each position of a row may take; undefined where anything may stand that is not suppressed. */
export type RowRestrictions = readonly (TokenRestriction | undefined)[];

export interface RestrictionLimits {
  readonly vocabularySize: number;
  readonly maskTokenId: number;
  /** Ids that may be drawn nowhere. */
  readonly suppressed: readonly number[];
}

/**
 * The restrictions of each row of a canvas, several at one position made one. A row without any is undefined.
 *
 * @throws DiffusionError `PROMPT_INVALID` for a position that is locked or not in the row, nothing left to draw, and an
 *   editable token that the restriction would not let stand; `TOKEN_OUT_OF_RANGE` for ids outside the vocabulary. Each
 *   names row and position.
 */
export function restrictionsOf(canvas: Canvas, limits: RestrictionLimits): (RowRestrictions | undefined)[] {
  const rows: (TokenRestriction | undefined)[][] = [];
  const same: TokenRestriction[] = [];
  for (const { row, position, ...restriction } of canvas.restrictions ?? []) {
    const inPage = isIndex(row, canvas.batch) && isIndex(position, canvas.seq);
    if (!inPage || canvas.editable[row * canvas.seq + position] !== 1) {
      throw invalid(
        `restrictions at editable positions, got ${inPage ? "a locked one" : "none"} in row ${row} at position ${position}`,
        "Restrict positions in gaps only; text that was given stays as it is",
      );
    }
    rows[row] ??= new Array(canvas.seq).fill(undefined);
    rows[row][position] = bothRestrictions(rows[row][position], shared(restriction));
  }
  rows.forEach((row, index) => {
    row.forEach((restriction, position) => {
      if (restriction) assertDrawable(restriction, index, position, canvas, limits);
    });
  });
  return Array.from({ length: canvas.batch }, (_, row) => rows[row]);

  /** One object for all positions with the same lists, so that they share their cost. */
  function shared(restriction: TokenRestriction): TokenRestriction {
    const known = same.find(
      ({ allowed, banned }) => allowed === restriction.allowed && banned === restriction.banned,
    );
    if (known === undefined) same.push(restriction);
    return known ?? restriction;
  }
}

// --- internal ---

function isIndex(value: number, length: number): boolean {
  return Number.isSafeInteger(value) && value >= 0 && value < length;
}

function assertDrawable(
  restriction: TokenRestriction,
  row: number,
  position: number,
  canvas: Canvas,
  { vocabularySize, maskTokenId, suppressed }: RestrictionLimits,
): void {
  const where = `in row ${row} at position ${position}`;
  const { allowed, banned = [] } = restriction;
  const stray = [...(allowed ?? []), ...banned].find((id) => !isIndex(id, vocabularySize));
  if (stray !== undefined) {
    throw invalid(
      `allowed and banned ids in [0, ${vocabularySize}), got ${stray} ${where}`,
      "Use the tokenizer that the model was trained with",
      "TOKEN_OUT_OF_RANGE",
    );
  }
  const never = new Set([maskTokenId, ...suppressed]);
  if (allowed !== undefined) {
    const left = Array.from(allowed).some((id) => permits(restriction, id) && !never.has(id));
    if (!left) {
      throw invalid(
        `a token that may be drawn ${where}, got ${allowed.length === 0 ? "an empty allowed set" : "allowed ids that are all banned or suppressed"}`,
        "Allow more tokens there, or a special one with allowSpecial",
      );
    }
  } else {
    for (const id of banned) never.add(id);
    if (never.size >= vocabularySize) {
      throw invalid(
        `a token that may be drawn ${where}, got all banned or suppressed`,
        "Ban fewer tokens there",
      );
    }
  }
  const token = canvas.ids[row * canvas.seq + position];
  if (token !== maskTokenId && !permits(restriction, token)) {
    throw invalid(
      `tokens that their restrictions let stand, got ${token} ${where}`,
      "Mask that position, or allow its token",
    );
  }
}

function invalid(expectedAndGot: string, remedy: string, code: ErrorCode = "PROMPT_INVALID"): DiffusionError {
  return new DiffusionError({
    code,
    component: "core/restrictions",
    problem: `expected ${expectedAndGot}`,
    remedy,
  });
}
