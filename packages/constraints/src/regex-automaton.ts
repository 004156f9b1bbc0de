import { DiffusionError } from "@textdiffusion/core";
import { DFA, JS, NFA, TooManyNodesError } from "refa";

/** A deterministic automaton over code points. State 0 is the first; every state leads to a final one. */
export interface TextAutomaton {
  readonly states: readonly TextState[];
}

export interface TextState {
  readonly final: boolean;
  /** Ranges of code points, both ends included, that lead to another state. */
  readonly moves: readonly { readonly min: number; readonly max: number; readonly to: number }[];
}

/**
 * The automaton of a regular expression as JavaScript writes them with the flag `u`; it accepts what the whole pattern
 * matches from the first to the last character.
 *
 * @param flags - any of `i`, `s` and `u`
 * @throws DiffusionError `CONFIG_INVALID` for a syntax error, and for what no automaton can say: back references, look
 *   around, word boundaries, `^` and `$`
 */
export function regexAutomaton(pattern: string, flags = ""): TextAutomaton {
  if (!/^[isu]*$/.test(flags)) {
    throw invalid(`flags among "i", "s" and "u", got ${JSON.stringify(flags)}`, "Leave the others out");
  }
  const { expression, maxCharacter } = parse(pattern, flags.includes("u") ? flags : `${flags}u`);
  const automaton = limited(pattern, () =>
    DFA.fromFA(
      NFA.fromRegex(expression, { maxCharacter }, undefined, new NFA.LimitedNodeFactory(maxNodes)),
      new DFA.LimitedNodeFactory(maxNodes),
    ),
  );
  automaton.minimize();
  automaton.removeUnreachable();
  const nodes = [...automaton.nodes()];
  const indexOf = new Map(nodes.map((node, index) => [node, index]));
  return {
    states: nodes.map((node) => ({
      final: automaton.finals.has(node),
      moves: [...node.out].map(([{ min, max }, next]) => ({ min, max, to: indexOf.get(next) as number })),
    })),
  };
}

// --- internal ---

/** Beyond this an expression is a mistake: `(.{1,999}){1,999}`. */
const maxNodes = 20_000;

function limited<Value>(pattern: string, build: () => Value): Value {
  try {
    return build();
  } catch (cause) {
    if (!(cause instanceof TooManyNodesError)) throw cause;
    throw invalid(
      `a regular expression with an automaton of at most ${maxNodes} states, got /${pattern}/`,
      "Write smaller counts, or fewer of them within each other",
      cause,
    );
  }
}

function parse(pattern: string, flags: string) {
  try {
    new RegExp(pattern, flags);
  } catch (cause) {
    throw invalid(`a regular expression, got ${(cause as Error).message}`, "Correct the pattern", cause);
  }
  try {
    return JS.Parser.fromLiteral({ source: pattern, flags }).parse({
      backreferences: "throw",
      assertions: "throw",
    });
  } catch (cause) {
    const anchored = /^\^|[^\\]\$$/.test(pattern);
    throw invalid(
      `a regular expression without back references and assertions, got /${pattern}/: ${cause instanceof Error ? cause.message : cause}`,
      anchored ? "Leave ^ and $ out: the whole text is matched anyway" : "Write it without them",
      cause,
    );
  }
}

function invalid(expectedAndGot: string, remedy: string, cause?: unknown): DiffusionError {
  return new DiffusionError({
    code: "CONFIG_INVALID",
    component: "constraints/regex",
    problem: `expected ${expectedAndGot}`,
    remedy,
    cause,
  });
}
