import { pageLines } from "./gif/page-lines.js";
import type { Recording } from "./recording.js";

/**
 * Runs as plain text: each step with the page as it was, masks as blocks.
 *
 * @param columns - characters of a line; default 72
 */
export function replayText(recordings: readonly Recording[], { columns = 72 } = {}): string {
  return recordings.map((recording) => pagesOf(recording, columns).join("\n")).join("\n");
}

// --- internal ---

function pagesOf(recording: Recording, columns: number): string[] {
  const { title, frames, cells } = recording;
  const masked = cells.filter((text) => text === null).length;
  return [...pageLines(recording, columns)].map((lines, frame) => {
    const left = frame === 0 ? masked : frames[frame - 1].masked;
    const page = lines.map((line) =>
      line
        .map(({ text, ground }) => (ground === "mask" ? "░" : text))
        .join("")
        .trimEnd(),
    );
    return [`${title}  step ${frame}/${frames.length}  ${left} masked`, "", ...page, ""].join("\n");
  });
}
