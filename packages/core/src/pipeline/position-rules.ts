import { permits, type TokenRestriction } from "../contracts/token-restriction.js";
import type { Tokenizer } from "../contracts/tokenizer.js";
import { DiffusionError, listNames } from "../errors/diffusion-error.js";

/** A token: its id, or text that the tokenizer makes exactly one token of. */
export type TokenName = number | string;

/** What may be written in some places. */
export interface PlaceRule {
  /** Tokens one of which must be drawn. Default all. */
  readonly allowed?: readonly TokenName[];
  /** Tokens that must not be drawn. Default none. */
  readonly banned?: readonly TokenName[];
}

/** What may stand at one position of a gap. */
export interface PositionRule extends PlaceRule {
  /** Default every row. */
  readonly row?: number;
  /** Place in the row, from 0, begin token included. */
  readonly position: number;
  /**
   * A token that stands there from the start and stays: the model sees it in every step. A token that should only come
   * when its turn has come is `allowed: [token]`.
   */
  readonly locked?: TokenName;
}

/** What one position of a laid row may take. */
export interface PlacedRestriction extends TokenRestriction {
  readonly position: number;
}

/** A row before it is put on a page. */
export interface LaidRow {
  readonly ids: number[];
  /** 1 in gaps. */
  readonly editable: number[];
  readonly restrictions: PlacedRestriction[];
}

/**
 * Writes what is locked into its rows and adds what else the rules say.
 *
 * @throws DiffusionError `PROMPT_INVALID` for a rule that names no position of a gap, or locks a token that it or the gap
 *   does not let stand; `TOKEN_OUT_OF_RANGE`, `UNKNOWN_OPTION`
 */
export function applyRules(
  tokenizer: Tokenizer,
  rows: readonly LaidRow[],
  rules: readonly PositionRule[],
): void {
  for (const rule of rules) {
    assertKeys(rule, ["row", "position", "allowed", "banned", "locked"], "a rule");
    const { row, position } = rule;
    if (row !== undefined && rows[row] === undefined) {
      throw invalid(`a rule for a row from 0 to ${rows.length - 1}, got ${row}`, "Correct the row");
    }
    for (const [index, laid] of rows.entries()) {
      if (row !== undefined && row !== index) continue;
      const where = `at position ${position} of row ${index}`;
      if (laid.editable[position] !== 1) {
        throw invalid(
          `rules for positions in gaps, got one ${where}`,
          "Positions count from the row's first token, a begin token included",
        );
      }
      const restriction = restrictionOf(tokenizer, rule, where);
      if (restriction) laid.restrictions.push({ position, ...restriction });
      if (rule.locked !== undefined) lock(tokenizer, laid, position, rule.locked, where);
    }
  }
}

/** `allowed` and `banned` as ids; undefined where the rule says neither. */
export function restrictionOf(
  tokenizer: Tokenizer,
  { allowed, banned }: PlaceRule,
  where: string,
): TokenRestriction | undefined {
  if (allowed === undefined && banned === undefined) return undefined;
  const ids = (names: readonly TokenName[] | undefined) =>
    names?.map((name) => tokenIdOf(tokenizer, name, where));
  return { allowed: ids(allowed), banned: ids(banned) };
}

/** @throws DiffusionError `PROMPT_INVALID` for text that is not one token, `TOKEN_OUT_OF_RANGE` for an id that is none */
export function tokenIdOf(tokenizer: Tokenizer, name: TokenName, where: string): number {
  if (typeof name === "number") {
    if (Number.isSafeInteger(name) && name >= 0 && name < tokenizer.vocabularySize) return name;
    throw new DiffusionError({
      code: "TOKEN_OUT_OF_RANGE",
      component: "core/canvas",
      problem: `expected token ids in [0, ${tokenizer.vocabularySize}) ${where}, got ${name}`,
      remedy: "Use an id of the model's tokenizer, or the token's text",
    });
  }
  const ids = tokenizer.encode(name);
  if (ids.length === 1) return ids[0];
  throw new DiffusionError({
    code: "PROMPT_INVALID",
    component: "core/canvas",
    problem: `expected text of one token ${where}, got ${JSON.stringify(name)}, which is ${ids.length}`,
    remedy: "Give a rule for each token, or put the text into the prompt between gaps",
  });
}

/** @throws DiffusionError `UNKNOWN_OPTION` that lists the known keys */
export function assertKeys(value: object, known: readonly string[], what: string): void {
  const unknown = Object.keys(value).find((key) => !known.includes(key));
  if (unknown === undefined) return;
  throw new DiffusionError({
    code: "UNKNOWN_OPTION",
    component: "core/canvas",
    problem: `expected known keys in ${what}, got "${unknown}". Known: ${listNames(known)}`,
    remedy: "Correct the key",
  });
}

// --- internal ---

/** The token is text from now on; what else was said of its position must let it stand. */
function lock(tokenizer: Tokenizer, row: LaidRow, position: number, name: TokenName, where: string): void {
  const token = tokenIdOf(tokenizer, name, where);
  const refusing = row.restrictions.find((at) => at.position === position && !permits(at, token));
  if (refusing !== undefined || token === tokenizer.special.mask) {
    throw invalid(
      `a locked token that its position may take ${where}, got ${JSON.stringify(name)}`,
      "Lock another token, or take the other rule out",
    );
  }
  row.ids[position] = token;
  row.editable[position] = 0;
  const others = row.restrictions.filter((at) => at.position !== position);
  row.restrictions.splice(0, row.restrictions.length, ...others);
}

function invalid(expectedAndGot: string, remedy: string): DiffusionError {
  return new DiffusionError({
    code: "PROMPT_INVALID",
    component: "core/canvas",
    problem: `expected ${expectedAndGot}`,
    remedy,
  });
}
