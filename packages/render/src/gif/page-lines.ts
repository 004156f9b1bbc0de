import { displayWidth, splitGraphemes } from "../display-width.js";
import type { Recording } from "../recording.js";
import { type Ground, type Ink, stepInks } from "./palette.js";

/** A character of the page; as wide as `columns` of them. */
export interface PlacedGlyph {
  readonly text: string;
  readonly columns: number;
  readonly ground: Ground;
  readonly ink: Ink;
}

/** What a cell shows, since which frame. */
interface Shown {
  readonly text: string | null;
  readonly since: number;
}

/** The page of a recording in each of its frames, as lines of at most `columns` characters. */
export function* pageLines(recording: Recording, columns: number): Generator<PlacedGlyph[][], void, void> {
  const { batch, seq, frames } = recording;
  const cells: Shown[] = recording.cells.map((text) => ({ text, since: 0 }));
  for (let frame = 0; frame <= frames.length; frame++) {
    if (frame > 0)
      for (const [index, text] of frames[frame - 1].changes) cells[index] = { text, since: frame };
    const done = frame === frames.length && (frames[frame - 1]?.masked ?? 0) === 0;
    const rows = Array.from({ length: batch }, (_, row) => {
      const glyphs = cells
        .slice(row * seq, (row + 1) * seq)
        .flatMap((cell, position) => glyphsOf(recording, row * seq + position, cell, frame, done));
      return wrap(glyphs, columns, recording.wideTokens || done);
    });
    yield rows.flatMap((lines, row) => (row === 0 ? lines : [[], ...lines]));
  }
}

// --- internal ---

const newLine: PlacedGlyph = { text: "\n", columns: 0, ground: "paper", ink: "text" };

function glyphsOf(
  { given, wideTokens, frames }: Recording,
  index: number,
  { text, since }: Shown,
  frame: number,
  done: boolean,
): PlacedGlyph[] {
  if (text === null) {
    const block: PlacedGlyph = { text: " ", columns: 1, ground: "mask", ink: "text" };
    const gap: PlacedGlyph = { ...block, ground: "paper" };
    return wideTokens ? [gap, block, block, block] : [{ ...block, text: "·" }];
  }
  const isGiven = given[index] === 1;
  const ground = !isGiven && !done && since > 0 && since === frame ? "fresh" : "paper";
  const step = Math.round(((stepInks - 1) * (since - 1)) / Math.max(1, frames.length - 1));
  const ink: Ink = isGiven ? "given" : since === 0 ? "text" : step;
  return splitGraphemes(text).flatMap((grapheme): PlacedGlyph[] => {
    if (grapheme !== "\n") return [{ text: grapheme, columns: displayWidth(grapheme), ground, ink }];
    if (done || isGiven) return [newLine];
    const sign: PlacedGlyph = { text: "↵", columns: 1, ground, ink: "given" };
    return wideTokens ? [sign, newLine] : [sign]; // where tokens are characters each keeps its place
  });
}

/** Where a line may break. The blocks of a mask hold together, as a word does. */
function isSpace({ text, ground }: PlacedGlyph): boolean {
  return text === " " && ground !== "mask";
}

function wrap(glyphs: readonly PlacedGlyph[], columns: number, byWords: boolean): PlacedGlyph[][] {
  const lines: PlacedGlyph[][] = [[]];
  let used = 0;
  for (const glyph of glyphs) {
    const line = lines[lines.length - 1];
    if (glyph === newLine) {
      lines.push([]);
      used = 0;
      continue;
    }
    if (used + glyph.columns > columns) {
      const space = byWords ? line.findLastIndex(isSpace) : -1;
      const rest = space > 0 && !isSpace(glyph) ? line.splice(space).slice(1) : [];
      lines.push(rest);
      used = rest.reduce((sum, { columns }) => sum + columns, 0);
      if (byWords && isSpace(glyph)) continue;
    }
    lines[lines.length - 1].push(glyph);
    used += glyph.columns;
  }
  return lines;
}
