import type { PageState } from "@textdiffusion/render";
import { displayWidth, splitGraphemes, tokenCells } from "@textdiffusion/render";
import { type Look, type Paint, paintPlain } from "../terminal/paint.js";
import { formatDuration, progressBar } from "../terminal/quantities.js";
import { type Glyph, LINE_END, wrapGlyphs } from "./wrap-glyphs.js";

export interface FrameOptions {
  /** Lines that the terminal has; a longer page scrolls so that its first mask stays in sight. Default: no limit. */
  readonly height?: number;
  readonly elapsedMs?: number;
  /** Default: no colours, no emphasis. */
  readonly paint?: Paint;
  /** Colour settled tokens by the probability that they were drawn with. Default false. */
  readonly confidence?: boolean;
}

/**
 * One frame: a header line, an empty line and the page, no line wider than `width` columns.
 *
 * While masks are left nothing moves more than it must: a line feed that the model wrote shows as ↵, and with
 * tokenizers of one character a token each position keeps its place. The finished page breaks its lines for real.
 */
export function renderFrame(page: PageState, width: number, options: FrameOptions = {}): string {
  const paint = options.paint ?? paintPlain;
  const lines = pageGlyphs(page, Math.min(width, WIDEST_PAGE), options.confidence === true);
  const available = page.finished
    ? lines.length
    : Math.max(1, (options.height ?? Number.POSITIVE_INFINITY) - 2);
  const [from, to] = visibleLines(lines, available);
  const drawn = lines.slice(from, to).map((line) => paintLine(line, paint));
  if (from > 0) drawn[0] = paint("dim", clip(`… ${from + 1} lines above`, width));
  if (to < lines.length)
    drawn[drawn.length - 1] = paint("dim", clip(`… ${lines.length - to + 1} lines below`, width));
  return [headerLine(page, width, options, paint), "", ...drawn].join("\n");
}

// --- internal ---

/** Text is easier to read on a page than across a wide window. */
const WIDEST_PAGE = 88;
const MASK = "░";
/** A mask where tokens are words and pieces of words: about as wide as one, so that lines keep their length. */
const WIDE_MASK = " ░░░";
/** Below these probabilities a token is `fair`, then `poor`. */
const [GOOD, FAIR] = [0.7, 0.3];

function headerLine(page: PageState, width: number, { elapsedMs }: FrameOptions, paint: Paint): string {
  const { step, steps, masked, maskedAtStart, forwards, finished } = page;
  const share = steps === undefined ? 1 - masked / Math.max(1, maskedAtStart) : step / steps;
  const title = clip(page.title, width);
  let rest = "";
  for (const part of [
    progressBar(finished ? 1 : share, width < 72 ? 8 : 16),
    `step ${step}${steps === undefined ? "" : `/${steps}`}`,
    `${masked} of ${maskedAtStart} masked`,
    `${forwards} forward${forwards === 1 ? "" : "s"}`,
    elapsedMs === undefined ? "" : formatDuration(elapsedMs),
  ]) {
    const longer = part === "" ? rest : `${rest}  ${part}`;
    if (displayWidth(title) + displayWidth(longer) <= width) rest = longer;
  }
  return paint("bold", title) + paint("dim", rest);
}

/** Every row of the page, one below the other, as lines. */
function pageGlyphs(page: PageState, width: number, confidence: boolean): Glyph[][] {
  const by = page.finished || page.wideTokens ? "words" : "columns";
  return Array.from({ length: page.batch }, (_, row) => {
    const lines = wrapGlyphs(rowGlyphs(page, row, confidence), width, by);
    if (page.batch === 1) return lines;
    const label = glyphsOf(clip(`── ${row + 1} of ${page.batch} ──`, width), "dim");
    return row === 0 ? [label, ...lines] : [[], label, ...lines];
  }).flat();
}

function rowGlyphs(page: PageState, row: number, confidence: boolean): Glyph[] {
  const from = row * page.seq;
  const editable = page.editable.subarray(from, from + page.seq);
  const cells = tokenCells(page.tokenizer, page.ids.subarray(from, from + page.seq), editable);
  const glyphs = cells.flatMap((text, position) => {
    const index = from + position;
    if (text === undefined) {
      return glyphsOf(page.wideTokens ? WIDE_MASK : MASK, page.changed[index] === 2 ? "poor" : "mask");
    }
    const look = lookOf(page, index, confidence);
    if (page.finished || editable[position] === 0) return glyphsOf(text, look);
    return glyphsOf(text.replaceAll("\n", "↵"), text === "\n" && look === "plain" ? "dim" : look);
  });
  return glyphs[0]?.text === " " ? glyphs.slice(1) : glyphs;
}

function lookOf(page: PageState, index: number, confidence: boolean): Look {
  if (page.editable[index] === 0) return "prompt";
  if (page.changed[index] === 1) return "fresh";
  const probability = page.probability[index];
  if (!confidence || Number.isNaN(probability)) return "plain";
  return probability >= GOOD ? "good" : probability >= FAIR ? "fair" : "poor";
}

function glyphsOf(text: string, look: Look): Glyph[] {
  return splitGraphemes(text).map((grapheme) =>
    grapheme === "\n" ? LINE_END : { text: grapheme, width: displayWidth(grapheme), look },
  );
}

/** The lines to show when not all fit: those around the first that still holds a mask. */
function visibleLines(lines: readonly Glyph[][], available: number): [from: number, to: number] {
  if (lines.length <= available) return [0, lines.length];
  const first = lines.findIndex((line) => line.some(({ text }) => text === MASK));
  const from = Math.max(0, Math.min((first < 0 ? lines.length : first) - 2, lines.length - available));
  return [from, from + available];
}

/** Neighbours that look alike share one escape sequence. */
function paintLine(line: readonly Glyph[], paint: Paint): string {
  let painted = "";
  let run = "";
  line.forEach(({ text, look }, index) => {
    run += text;
    if (line[index + 1]?.look === look) return;
    painted += paint(look, run);
    run = "";
  });
  return painted;
}

function clip(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, Math.max(0, width - 1))}…`;
}
