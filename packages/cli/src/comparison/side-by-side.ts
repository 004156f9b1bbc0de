import { setTimeout } from "node:timers/promises";
import { stripVTControlCharacters } from "node:util";
import { displayWidth, type PageState } from "@textdiffusion/render";
import { type FrameOptions, renderFrame } from "../animation/render-frame.js";
import { LiveRegion, type TerminalStream } from "../terminal/live-region.js";
import type { Paint } from "../terminal/paint.js";
import type { TimedPage } from "./run-contender.js";

/**
 * Replays runs beside each other by one clock, each in the time that it took. The last pages stay on the screen, in full.
 *
 * @param signal - ends it, as Ctrl-C does
 */
export async function replaySideBySide(
  runs: readonly (readonly TimedPage[])[],
  { stream, paint, signal }: { stream: TerminalStream; paint: Paint; signal?: AbortSignal },
): Promise<void> {
  const region = new LiveRegion(stream);
  const times = [...new Set(runs.flat().map(({ atMs }) => atMs))].sort((a, b) => a - b);
  const startedAt = performance.now();
  try {
    for (const [index, time] of times.entries()) {
      await setTimeout(Math.max(0, time - (performance.now() - startedAt)));
      if (signal?.aborted) return;
      const next = times[index + 1];
      if (next !== undefined && next <= performance.now() - startedAt) continue; // too fast for this terminal
      const now = runs.map((run) => run.findLast(({ atMs }) => atMs <= time) ?? run[0]);
      const frame = pagesSideBySide(
        now.map(({ page }) => page),
        region.width,
        now.map(({ page, atMs }) => ({
          height: region.height,
          elapsedMs: page.finished ? atMs : time,
          paint,
        })),
      );
      region.draw(frame);
    }
  } finally {
    region.close();
  }
}

/** Pages in columns; one below the other where a column would be too narrow to read. No line is wider than `width`. */
export function pagesSideBySide(
  pages: readonly PageState[],
  width: number,
  options: readonly FrameOptions[],
): string {
  const column = Math.floor((width - GAP.length * (pages.length - 1)) / pages.length);
  if (column < NARROWEST) {
    const height = (one: FrameOptions) => one.height && Math.floor(one.height / pages.length) - 1;
    return pages
      .map((page, index) => renderFrame(page, width, { ...options[index], height: height(options[index]) }))
      .join("\n\n");
  }
  const columns = pages.map((page, index) => renderFrame(page, column, options[index]).split("\n"));
  const lines = Math.max(...columns.map(({ length }) => length));
  return Array.from({ length: lines }, (_, line) =>
    columns
      .map((each, index) => (index < columns.length - 1 ? padded(each[line] ?? "", column) : each[line]))
      .join(GAP),
  ).join("\n");
}

// --- internal ---

const GAP = " │ ";
/** Columns of text that can be read; the header needs as many. */
const NARROWEST = 28;

function padded(line: string, width: number): string {
  return line + " ".repeat(Math.max(0, width - displayWidth(stripVTControlCharacters(line))));
}
