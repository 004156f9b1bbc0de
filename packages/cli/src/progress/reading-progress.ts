import { LiveRegion, type TerminalStream } from "../terminal/live-region.js";
import { formatCount } from "../terminal/quantities.js";

/** What the user sees while documents are read. */
export interface ReadingProgress {
  show(documents: number, characters: number): void;
  /** Gives the terminal back. A second call does nothing. */
  close(): void;
}

/**
 * What was read so far, as soon as it takes longer than a moment: a line that changes on a terminal, a line every ten
 * seconds anywhere else. How much is still to come nobody knows.
 *
 * @param now - milliseconds, of a clock that never goes back
 */
export function readingProgress(
  stream: TerminalStream,
  now: () => number = () => performance.now(),
): ReadingProgress {
  const isTerminal = stream.isTTY === true;
  const region = new LiveRegion(stream);
  let due = now() + (isTerminal ? 500 : 10_000);
  return {
    show: (documents, characters) => {
      if (now() < due) return;
      due = now() + (isTerminal ? 100 : 10_000);
      const line = `Reading: ${formatCount(documents)} documents, ${formatCount(characters)} characters`;
      if (isTerminal) region.draw(line);
      else stream.write(`${line}\n`);
    },
    close: () => region.close(),
  };
}
