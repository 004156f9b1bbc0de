import type { Look } from "../terminal/paint.js";

/** One character of the page. */
export interface Glyph {
  readonly text: string;
  /** Columns. */
  readonly width: number;
  readonly look: Look;
}

/** Ends a line. */
export const LINE_END: Glyph = { text: "\n", width: 0, look: "plain" };

/**
 * Glyphs to lines of at most `width` columns. Words are kept whole where they fit (`words`), or lines are filled to
 * the last column (`columns`), where a settled token never moves another.
 */
export function wrapGlyphs(glyphs: readonly Glyph[], width: number, by: "words" | "columns"): Glyph[][] {
  const lines: Glyph[][] = [];
  let line: Glyph[] = [];
  let used = 0;
  let lastSpace = -1; // index in `line`
  for (const glyph of glyphs) {
    if (glyph === LINE_END) {
      lines.push(line);
      line = [];
      used = 0;
      lastSpace = -1;
      continue;
    }
    if (used + glyph.width > width && line.length > 0) {
      if (by === "words" && glyph.text === " ") {
        lines.push(line);
        line = [];
        used = 0;
        lastSpace = -1;
        continue; // the space at the border is the line break
      }
      const rest = by === "words" && lastSpace >= 0 ? line.splice(lastSpace).slice(1) : [];
      lines.push(line);
      line = rest;
      used = rest.reduce((sum, { width: columns }) => sum + columns, 0);
      lastSpace = -1;
    }
    if (glyph.text === " ") lastSpace = line.length;
    line.push(glyph);
    used += glyph.width;
  }
  lines.push(line);
  return lines;
}
