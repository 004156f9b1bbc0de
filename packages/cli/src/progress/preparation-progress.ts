import type { PreparationProgress } from "textdiffusion";
import { LiveRegion, type TerminalStream } from "../terminal/live-region.js";
import { formatCount, withBar, withPercent } from "../terminal/quantities.js";

/** What was encoded so far and how fast: a bar on a terminal, a line every ten seconds anywhere else. */
export function preparationProgress(
  stream: TerminalStream,
  now: () => number = () => performance.now(),
): { show(progress: PreparationProgress, share?: number): void; close(): void } {
  const isTerminal = stream.isTTY === true;
  const region = new LiveRegion(stream);
  const begin = now();
  let due = begin + (isTerminal ? 500 : 10_000);
  let first: number | undefined; // what an earlier run had encoded says nothing of the speed of this one
  return {
    show: ({ documents, tokens }, share) => {
      const count = tokens.train + tokens.validation;
      first ??= count;
      if (now() < due) return;
      due = now() + (isTerminal ? 100 : 10_000);
      const rate = ((count - first) / (now() - begin)) * 1000;
      const line = `Encoding: ${formatCount(documents.train + documents.validation)} documents, ${formatCount(count)} tokens, ${formatCount(rate)} tokens/s`;
      if (isTerminal) region.draw(withBar(line, share));
      else stream.write(`${withPercent(line, share)}\n`);
    },
    close: () => region.close(),
  };
}
