import {
  type ConstrainedRow,
  type Constraint,
  DiffusionError,
  type ErrorCode,
  type RowConstraint,
  type Tokenizer,
} from "@textdiffusion/core";
import { byteAutomaton } from "./byte-automaton.js";
import { regexAutomaton } from "./regex-automaton.js";
import { type Stretch, stretchOf } from "./stretch.js";
import { type TokenAutomaton, tokenAutomaton } from "./token-automaton.js";

export interface RegexConstraintOptions {
  /** With text of their own for its tokens: byte-level ones. */
  readonly tokenizer: Tokenizer;
  /**
   * A regular expression as JavaScript writes them, without `^`, `$`, look around and back references: the whole text is
   * matched. A list has one for each gap of a row, from the left.
   */
  readonly pattern: string | readonly string[];
  /** Any of `i`, `s` and `u`. Default none; code points count as one character all the same. */
  readonly flags?: string;
  /** Whose text must match: each gap's (tokens that may be written and stand together), or the row's. Default gaps. */
  readonly scope?: "gaps" | "row";
}

/**
 * A constraint that the text matches a regular expression.
 *
 * The expression becomes a deterministic automaton over bytes, and a token a step of it by its bytes, so tokens need not
 * end where characters do. A position may take a token when it leads from a state that the tokens to the left reach to
 * one from which those to the right can still be met: exact sets, for every pattern of masks. Special tokens add no
 * text, as in `decode`.
 *
 * @throws DiffusionError `CONFIG_INVALID` for a pattern that is none or that no automaton can say, `UNSUPPORTED` for a
 *   tokenizer whose tokens have no text of their own
 */
export function regexConstraint(options: RegexConstraintOptions): Constraint {
  const { tokenizer, pattern, flags, scope = "gaps" } = options;
  const patterns = typeof pattern === "string" ? [pattern] : pattern;
  const bytesOf = bytesOfTokens(tokenizer);
  if (bytesOf === undefined) {
    throw invalid(
      "a tokenizer whose tokens have text of their own, got one that puts spaces between words",
      "Use a model with a byte-level tokenizer, such as RoBERTa's",
      "UNSUPPORTED",
    );
  }
  const automata = patterns.map((source) => byteAutomaton(regexAutomaton(source, flags)));
  const overTokens = new Map<string, TokenAutomaton>();
  const name = `regex ${patterns.map((source) => `/${source}/${flags ?? ""}`).join(" ")}`;
  return {
    name,
    toJSON: () => ({ name: "regex", pattern, ...(flags !== undefined && { flags }), scope }),
    open: (row) => {
      const stretches = stretchesOf(row, scope);
      if (typeof pattern !== "string" && stretches.length !== patterns.length) {
        throw invalid(
          `a pattern for each of the ${stretches.length} gaps of row ${row.row}, got ${patterns.length}`,
          "Give one pattern for all gaps, or one for each",
        );
      }
      const opened = stretches.map((positions, index) => {
        const which = typeof pattern === "string" ? 0 : index;
        const automaton = automatonOf(which, row);
        const { ids, maskTokenId, restrictionAt } = row;
        const stretch = stretchOf({ automaton, positions, maskTokenId, restrictionAt });
        if (!stretch.completable(ids)) throw impossible(row, positions, patterns[which], automaton);
        return stretch;
      });
      return together(opened);
    },
  };

  function automatonOf(
    which: number,
    { vocabularySize, suppressed, maskTokenId }: ConstrainedRow,
  ): TokenAutomaton {
    const key = `${which} ${vocabularySize} ${suppressed.join()}`;
    let known = overTokens.get(key);
    if (known === undefined) {
      const never = new Set([...suppressed, maskTokenId]);
      const size = Math.min(vocabularySize, tokenizer.vocabularySize);
      const drawable = Array.from({ length: size }, (_, id) => id).filter((id) => !never.has(id));
      known = tokenAutomaton(automata[which], bytesOf as BytesOf, drawable);
      overTokens.set(key, known);
    }
    return known;
  }
}

// --- internal ---

type BytesOf = (token: number) => Uint8Array | undefined;

/** What each token adds to the text; undefined for a tokenizer of which no token has text of its own. */
function bytesOfTokens(tokenizer: Tokenizer): BytesOf | undefined {
  const special = new Set(tokenizer.specialIds);
  const known = Array.from({ length: tokenizer.vocabularySize }, (_, id) =>
    special.has(id) ? new Uint8Array(0) : tokenizer.bytes?.(id),
  );
  return known.some((bytes) => bytes !== undefined && bytes.length > 0) ? (token) => known[token] : undefined;
}

/** Runs of editable positions, or all that hold a token. */
function stretchesOf({ editable, attentionMask }: ConstrainedRow, scope: "gaps" | "row"): Int32Array[] {
  const all = [...editable.keys()];
  if (scope === "row") return [Int32Array.from(all.filter((position) => attentionMask[position] === 1))];
  const runs: number[][] = [];
  for (const position of all) {
    if (editable[position] !== 1) continue;
    const last = runs.at(-1);
    if (last?.at(-1) === position - 1) last.push(position);
    else runs.push([position]);
  }
  return runs.map((run) => Int32Array.from(run));
}

function together(stretches: readonly Stretch[]): RowConstraint {
  return {
    completable: (ids) => stretches.every((stretch) => stretch.completable(ids)),
    candidates: (ids, positions) => {
      const found = stretches.map((stretch) => {
        const within = new Set(stretch.positions);
        return stretch.candidates(
          ids,
          [...positions].filter((position) => within.has(position)),
        );
      });
      return Array.from(positions, (position) => found.find((map) => map.has(position))?.get(position));
    },
  };
}

/** How many tokens a match can have, as far as there is reason to look. */
function impossible(
  { row, ids, maskTokenId }: ConstrainedRow,
  positions: Int32Array,
  pattern: string,
  automaton: TokenAutomaton,
): DiffusionError {
  const where = `row ${row}, positions ${positions[0]} to ${positions[positions.length - 1]}`;
  const isFree = positions.every((position) => ids[position] === maskTokenId);
  if (!isFree) {
    return invalid(
      `text that can match /${pattern}/ in ${where}, got tokens, locks or bans that no match has`,
      "Change the text, its rules or the pattern",
    );
  }
  const longest = Math.max(512, 2 * positions.length);
  const lengths: number[] = [];
  let states = new Set([0]);
  for (let length = 0; length <= longest && states.size > 0; length++) {
    if ([...states].some((state) => automaton.isFinal(state))) lengths.push(length);
    states = new Set([...states].flatMap((state) => automaton.movesFrom(state).map(({ to }) => to)));
  }
  const possible =
    lengths.length === 0
      ? `no number of tokens up to ${longest} that this tokenizer could write`
      : `matches of ${lengths[0]}${lengths.length > 1 ? ` to ${lengths.at(-1) === longest ? "any number of" : lengths.at(-1)}` : ""} tokens`;
  return invalid(
    `a match of /${pattern}/ in the ${positions.length} tokens of ${where}, got ${possible}`,
    lengths.length === 0 ? "Change the pattern" : "Change the length, the rules or the pattern",
  );
}

function invalid(expectedAndGot: string, remedy: string, code: ErrorCode = "PROMPT_INVALID"): DiffusionError {
  return new DiffusionError({
    code,
    component: "constraints/regex",
    problem: `expected ${expectedAndGot}`,
    remedy,
  });
}
