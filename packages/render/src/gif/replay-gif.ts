import { DiffusionError } from "@textdiffusion/core";
import * as gifenc from "gifenc";
import type { Recording } from "../recording.js";
import { timelineOf } from "../timeline.js";
import { glyphHeight, glyphOf, glyphWidth } from "./glyphs.js";
import { type PlacedGlyph, pageLines } from "./page-lines.js";
import { createPalette, type Ground, type Ink, type Palette } from "./palette.js";

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
  const { columns = recordings.length > 1 ? 44 : 72, holdMs = 4000 } = options;
  if (recordings.length === 0 || !(columns >= 16)) throw invalid(recordings.length, columns);
  const palette = createPalette();
  const { places, durationMs } = timelineOf(recordings);
  const pages = recordings.map((recording) => [...pageLines(recording, columns)]);
  const lines = Math.max(...pages.flatMap((frames) => frames.map((page) => page.length)));
  const picture = new Picture(
    recordings.length * (columns * glyphWidth + margin) + margin,
    headerHeight + lines * glyphHeight + margin,
    palette,
  );
  const moments = momentsOf(places.flat(), durationMs);
  const encoder = (gifenc.GIFEncoder ?? gifenc.default.GIFEncoder)();
  let before: Uint8Array | undefined;
  moments.forEach((moment, index) => {
    picture.clear();
    recordings.forEach((recording, panel) => {
      const frame = places[panel].findLastIndex((place) => place <= moment);
      const left = margin + panel * (columns * glyphWidth + margin);
      drawHeader(picture, recording, frame, left, columns);
      pages[panel][frame].forEach((line, row) => {
        picture.text(line, left, headerHeight + row * glyphHeight);
      });
    });
    const last = index === moments.length - 1;
    const delay = last ? holdMs : (moments[index + 1] - moment) * durationMs;
    encoder.writeFrame(changed(picture.pixels, before, palette.transparent), picture.width, picture.height, {
      ...(index === 0 && { palette: palette.colours }),
      delay: Math.max(20, Math.round(delay / 10) * 10),
      transparent: true,
      transparentIndex: palette.transparent,
      dispose: 1,
    });
    before = picture.pixels.slice();
  });
  encoder.finish();
  return encoder.bytes();
}

// --- internal ---

const margin = 2 * glyphWidth;
const headerHeight = Math.round(2.6 * glyphHeight);

class Picture {
  readonly pixels: Uint8Array;

  constructor(
    readonly width: number,
    readonly height: number,
    readonly palette: Palette,
  ) {
    this.pixels = new Uint8Array(width * height);
  }

  clear(): void {
    this.pixels.fill(this.palette.shade("paper", "text", 0));
  }

  /** A line of characters from the left. */
  text(glyphs: readonly PlacedGlyph[], left: number, top: number): void {
    let x = left;
    for (const { text, columns, ground, ink } of glyphs) {
      for (let column = 0; column < columns; column++)
        this.#glyph(text, x + column * glyphWidth, top, ground, ink);
      x += columns * glyphWidth;
    }
  }

  /** A rectangle of one colour. */
  bar(left: number, top: number, width: number, height: number, ink: Ink): void {
    const colour = this.palette.shade("paper", ink, 3);
    for (let y = top; y < top + height; y++) {
      this.pixels.fill(colour, y * this.width + left, y * this.width + left + width);
    }
  }

  #glyph(text: string, left: number, top: number, ground: Ground, ink: Ink): void {
    const glyph = glyphOf(text);
    // Blocks leave a line's edge free, so that lines stay apart.
    const [from, to] = ground === "paper" ? [0, glyphHeight] : [2, glyphHeight - 2];
    for (let y = from; y < to; y++) {
      for (let x = 0; x < glyphWidth; x++) {
        const level = glyph[y * glyphWidth + x];
        if (level === 0 && ground === "paper") continue;
        this.pixels[(top + y) * this.width + left + x] = this.palette.shade(ground, ink, level);
      }
    }
  }
}

function drawHeader(
  picture: Picture,
  recording: Recording,
  frame: number,
  left: number,
  columns: number,
): void {
  const { title, frames, cells } = recording;
  const masked = frame === 0 ? cells.filter((text) => text === null).length : frames[frame - 1].masked;
  const elapsedMs = frame === 0 ? undefined : frames[frame - 1].elapsedMs;
  const state = `  step ${frame}/${frames.length}  ${masked} masked${elapsedMs === undefined ? "" : `  ${(elapsedMs / 1000).toFixed(1)} s`}`;
  const written = (text: string, ink: Ink): PlacedGlyph[] =>
    Array.from(text, (character) => ({ text: character, columns: 1, ground: "paper", ink }));
  const room = Math.max(8, columns - state.length);
  const name = title.length > room ? `${title.slice(0, room - 1)}…` : title;
  picture.text(
    [...written(name, "text"), ...written(state, "given")].slice(0, columns),
    left,
    Math.round(glyphHeight / 2),
  );
  const [width, top] = [columns * glyphWidth, Math.round(1.75 * glyphHeight)];
  picture.bar(left, top, width, 3, "line");
  picture.bar(left, top, Math.round((width * frame) / Math.max(1, frames.length)), 3, "accent");
}

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

function invalid(recordings: number, columns: number): DiffusionError {
  return new DiffusionError({
    code: "CONFIG_INVALID",
    component: "render/gif",
    problem: `expected at least one recording and lines of at least 16 characters, got ${recordings} and ${columns}`,
    remedy: "Record a run first, and give the lines room",
  });
}
