import { DiffusionError } from "@textdiffusion/core";
import { encode } from "fast-png";
import type { Recording } from "../recording.js";
import { createStage } from "./stage.js";

export interface ReplayPngOptions {
  /** Characters of a line. Default 72, of several recordings 44. */
  readonly columns?: number;
  /** Moments, evenly spread from the first page to the last, one below the other. Default 6. */
  readonly pages?: number;
}

/**
 * Runs as one picture that stands still: a strip of moments, for paper. Drawn as `replayGif` draws them.
 *
 * @throws DiffusionError `CONFIG_INVALID` as `replayGif`, and for less than 2 pages
 */
export function replayPng(
  recordings: readonly Recording[],
  { columns, pages = 6 }: ReplayPngOptions = {},
): Uint8Array {
  if (!(Number.isSafeInteger(pages) && pages >= 2)) throw tooFew(pages);
  const stage = createStage(recordings, columns);
  const { palette, width } = stage;
  const parts = Array.from({ length: pages }, (_, page) => {
    const height = stage.draw(page / (pages - 1));
    return stage.pixels.slice(0, width * height);
  });
  const height = parts.reduce((sum, part) => sum + part.length / width, 0);
  const data = new Uint8Array(3 * width * height);
  let place = 0;
  for (const part of parts) {
    for (const pixel of part) {
      data.set(palette.colours[pixel], place);
      place += 3;
    }
  }
  return encode({ width, height, data, channels: 3, depth: 8 });
}

// --- internal ---

function tooFew(pages: number): DiffusionError {
  return new DiffusionError({
    code: "CONFIG_INVALID",
    component: "render/png",
    problem: `expected at least 2 pages, the first and the last, got ${pages}`,
    remedy: "Use a whole number",
  });
}
