import * as gifenc from "gifenc";
import type { Recording } from "../recording.js";
import { createStage } from "./stage.js";

export interface ReplayGifOptions {
  /** Characters of a line. Default 72, of several recordings 44. */
  readonly columns?: number;
  /** How long the last page stays, ms. Default 4000. */
  readonly holdMs?: number;
}

/**
 * Runs as an animated GIF, which plays again and again; several recordings stand side by side. Latin, Greek and Cyrillic
 * letters are drawn, other characters are boxes.
 *
 * @throws DiffusionError `CONFIG_INVALID` without a recording, or for lines of less than 16 characters
 */
export function replayGif(recordings: readonly Recording[], options: ReplayGifOptions = {}): Uint8Array {
  const { columns, holdMs = 4000 } = options;
  const stage = createStage(recordings, columns);
  const { palette, pixels, width, height, places, durationMs } = stage;
  const moments = momentsOf(places.flat(), durationMs);
  const encoder = (gifenc.GIFEncoder ?? gifenc.default.GIFEncoder)();
  let before: Uint8Array | undefined;
  moments.forEach((moment, index) => {
    stage.draw(moment);
    const last = index === moments.length - 1;
    const delay = last ? holdMs : (moments[index + 1] - moment) * durationMs;
    encoder.writeFrame(changed(pixels, before, palette.transparent), width, height, {
      ...(index === 0 && { palette: palette.colours }),
      delay: Math.max(20, Math.round(delay / 10) * 10),
      transparent: true,
      transparentIndex: palette.transparent,
      dispose: 1,
    });
    before = pixels.slice();
  });
  encoder.finish();
  return encoder.bytes();
}

// --- internal ---

/** Places at which something changes, ascending: the first, the last, and between them no more than the eye sees. */
function momentsOf(places: readonly number[], durationMs: number): number[] {
  const least = 30 / durationMs;
  const moments = [0];
  for (const place of [...places].sort((a, b) => a - b)) {
    if (place - moments[moments.length - 1] >= least && place < 1) moments.push(place);
  }
  return [...moments, 1];
}

/** What stays is left out, which keeps the file small. */
function changed(pixels: Uint8Array, before: Uint8Array | undefined, transparent: number): Uint8Array {
  if (before === undefined) return pixels.slice();
  return pixels.map((pixel, index) => (pixel === before[index] ? transparent : pixel));
}
