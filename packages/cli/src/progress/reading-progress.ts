import { LiveRegion, type TerminalStream } from "../terminal/live-region.js";
import { formatCount, withBar, withPercent } from "../terminal/quantities.js";

/** What the user sees while documents are read. */
export interface ReadingProgress {
  /** @param share - of all, in [0, 1], where it is known */
  show(documents: number, characters: number, share?: number): void;
  /** Gives the terminal back. A second call does nothing. */
  close(): void;
}

/**
 * What was read so far, as soon as it takes longer than a moment: a bar on a terminal, a line every ten seconds anywhere
 * else.
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
    show: (documents, characters, share) => {
      if (now() < due) return;
      due = now() + (isTerminal ? 100 : 10_000);
      const line = `Reading: ${formatCount(documents)} documents, ${formatCount(characters)} characters`;
      if (isTerminal) region.draw(withBar(line, share));
      else stream.write(`${withPercent(line, share)}\n`);
    },
    close: () => region.close(),
  };
}
