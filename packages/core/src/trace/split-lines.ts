import { DiffusionError } from "../errors/diffusion-error.js";

/** One line of a text, without its line feed. */
export interface Line {
  readonly text: string;
  /** From 1. */
  readonly number: number;
  /** False for a last line that no line feed ends. */
  readonly whole: boolean;
}

/**
 * Cuts a text that comes in pieces into its lines; holds one line at a time.
 *
 * @param longest - characters of the longest line that is read
 * @throws DiffusionError `TRACE_INVALID` for a longer line
 */
export async function* splitLines(
  pieces: AsyncIterable<string> | Iterable<string>,
  longest: number,
): AsyncGenerator<Line, void, void> {
  let parts: string[] = []; // of a line whose end has not come yet
  let length = 0;
  let number = 1;
  const add = (part: string) => {
    length += part.length;
    if (length > longest) throw tooLong(number, longest);
    parts.push(part);
  };
  for await (const piece of pieces) {
    let from = 0;
    for (let end = piece.indexOf("\n"); end >= 0; end = piece.indexOf("\n", from)) {
      add(piece.slice(from, end));
      yield { text: parts.join(""), number: number++, whole: true };
      parts = [];
      length = 0;
      from = end + 1;
    }
    if (from < piece.length) add(piece.slice(from));
  }
  if (length > 0) yield { text: parts.join(""), number, whole: false };
}

// --- internal ---

function tooLong(number: number, longest: number): DiffusionError {
  return new DiffusionError({
    code: "TRACE_INVALID",
    component: "core/trace",
    problem: `expected lines of at most ${longest} characters, got a longer line ${number}`,
    remedy: "Is this a trace? If so, read it with a larger longestLine",
  });
}
