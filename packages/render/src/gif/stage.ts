import { DiffusionError } from "@textdiffusion/core";
import type { Recording } from "../recording.js";
import { type Timeline, timelineOf } from "../timeline.js";
import { glyphHeight, glyphOf, glyphWidth } from "./glyphs.js";
import { type PlacedGlyph, pageLines } from "./page-lines.js";
import { createPalette, type Ground, type Ink, type Palette } from "./palette.js";

/** Recordings side by side, one moment after the other in one picture. */
export interface Stage extends Timeline {
  /** Indices of `palette.colours`, row by row. */
  readonly pixels: Uint8Array;
  readonly width: number;
  readonly height: number;
  readonly palette: Palette;
  /**
   * @param moment - place of the timeline, in [0, 1]
   * @returns how high the page is, margins included: below it is nothing
   */
  draw(moment: number): number;
}

/**
 * @param columns - characters of a line; default 72, of several recordings 44
 * @throws DiffusionError `CONFIG_INVALID` without a recording, or for lines of less than 16 characters
 */
export function createStage(
  recordings: readonly Recording[],
  columns = recordings.length > 1 ? 44 : 72,
): Stage {
  if (recordings.length === 0 || !(columns >= 16)) throw invalid(recordings.length, columns);
  const palette = createPalette();
  const timeline = timelineOf(recordings);
  const pages = recordings.map((recording) => [...pageLines(recording, columns)]);
  const heightOf = (lines: number) => headerHeight + lines * glyphHeight + margin;
  const picture = new Picture(
    recordings.length * (columns * glyphWidth + margin) + margin,
    heightOf(Math.max(...pages.flatMap((frames) => frames.map((page) => page.length)))),
    palette,
  );
  return {
    ...timeline,
    ...{ palette, pixels: picture.pixels, width: picture.width, height: picture.height },
    draw: (moment) => {
      picture.clear();
      const shown = timeline.places.map((places) => places.findLastIndex((place) => place <= moment));
      recordings.forEach((recording, panel) => {
        const frame = shown[panel];
        const left = margin + panel * (columns * glyphWidth + margin);
        drawHeader(picture, recording, frame, left, columns);
        pages[panel][frame].forEach((line, row) => {
          picture.text(line, left, headerHeight + row * glyphHeight);
        });
      });
      return heightOf(Math.max(...shown.map((frame, panel) => pages[panel][frame].length)));
    },
  };
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

function invalid(recordings: number, columns: number): DiffusionError {
  return new DiffusionError({
    code: "CONFIG_INVALID",
    component: "render/picture",
    problem: `expected at least one recording and lines of at least 16 characters, got ${recordings} and ${columns}`,
    remedy: "Record a run first, and give the lines room",
  });
}
