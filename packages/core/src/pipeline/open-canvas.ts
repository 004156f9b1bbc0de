import type { Tokenizer } from "../contracts/tokenizer.js";
import { DiffusionError } from "../errors/diffusion-error.js";
import type { Canvas } from "../values/canvas.js";
import {
  applyRules,
  assertKeys,
  type LaidRow,
  type PlacedRestriction,
  type PlaceRule,
  type PositionRule,
  restrictionOf,
} from "./position-rules.js";

/** A gap that the model writes, and what may be written in it. */
export interface Gap extends PlaceRule {
  /** Tokens, or the fewest and the most of them where the length is searched for (`searchGaps`). */
  readonly gap: number | GapRange;
}

export interface GapRange {
  readonly min: number;
  readonly max: number;
}

/** A piece of a row: fixed text, or a gap. */
export type PromptPart = string | Gap;

export interface CanvasRequest {
  /** One entry a row. A string is a prompt that is continued to `length`; parts say where the gaps are. Default one empty prompt. */
  readonly prompts?: readonly (string | readonly PromptPart[])[];
  /** Tokens of the whole row, prompt and frame included, for prompts given as strings. */
  readonly length: number;
  /** Put the model's begin and end tokens around the row, as its training rows had them. Default false. */
  readonly frame?: boolean;
  /** The longest row that is laid out. Default 2^20 tokens, beyond which a length is a mistake. */
  readonly maxLength?: number;
  /** See `Canvas.rowKeys`. */
  readonly rowKeys?: readonly number[];
  /** What may stand at single positions of gaps. Default anything that is not suppressed. */
  readonly rules?: readonly PositionRule[];
}

/**
 * Text to a page of fixed tokens and masks. Rows of unequal length are padded on the right and the padding is not
 * attended to.
 *
 * @throws DiffusionError `PROMPT_INVALID` for a prompt that fills the canvas, holds the mask token or cannot be padded,
 *   for a row that is empty or too long, and for a rule at a place that is no gap; `TOKEN_OUT_OF_RANGE` and
 *   `UNKNOWN_OPTION` for rules
 */
export function openCanvas(tokenizer: Tokenizer, request: CanvasRequest): Canvas {
  const prompts = request.prompts ?? [""];
  if (prompts.length === 0)
    throw invalid("at least one prompt, got none", 'Pass [""] to generate without a prompt');
  if (!Number.isSafeInteger(request.length) || request.length < 1) {
    throw invalid(
      `a length of at least 1 token, got ${request.length}`,
      "Ask for a positive whole number of tokens",
    );
  }
  const rows = prompts.map((prompt, row) => layRow(tokenizer, prompt, request, row));
  applyRules(tokenizer, rows, request.rules ?? []);
  const seq = Math.max(...rows.map((row) => row.ids.length));
  const { pad } = tokenizer.special;
  if (pad === undefined && rows.some((row) => row.ids.length !== seq)) {
    throw invalid(
      "rows of one length, since the tokenizer has no pad token, got several",
      "Use gaps that make the rows equally long",
    );
  }
  const canvas: Canvas = {
    batch: rows.length,
    seq,
    ids: new Int32Array(rows.length * seq).fill(pad ?? 0),
    attentionMask: new Uint8Array(rows.length * seq),
    editable: new Uint8Array(rows.length * seq),
    rowKeys: request.rowKeys,
    restrictions: rows.flatMap(({ restrictions }, row) =>
      restrictions.map((restriction) => ({ row, ...restriction })),
    ),
  };
  rows.forEach((row, index) => {
    canvas.ids.set(row.ids, index * seq);
    canvas.editable.set(row.editable, index * seq);
    canvas.attentionMask.fill(1, index * seq, index * seq + row.ids.length);
  });
  return canvas;
}

// --- internal ---

function layRow(
  tokenizer: Tokenizer,
  prompt: string | readonly PromptPart[],
  request: CanvasRequest,
  row: number,
): LaidRow {
  const { special } = tokenizer;
  const before = request.frame && special.begin !== undefined ? [special.begin] : [];
  const after = request.frame && special.end !== undefined ? [special.end] : [];
  const ids: number[] = [...before];
  const editable: number[] = before.map(() => 0);
  const restrictions: PlacedRestriction[] = [];
  const { maxLength = 2 ** 20 } = request;
  const assertFits = (tokens: number) => {
    if (ids.length + tokens + after.length <= maxLength) return;
    throw invalid(
      `rows of at most ${maxLength} tokens, got ${ids.length + tokens + after.length} in prompt ${row}`,
      "Shorten the prompt or ask for fewer tokens",
    );
  };
  const lay = (part: PromptPart) => {
    if (typeof part === "string") {
      const text = tokenizer.encode(part);
      if (text.includes(special.mask)) {
        throw invalid(
          `no mask token in the text of prompt ${row}, got ${JSON.stringify(part)}`,
          "Say where to write with { gap: tokens } instead",
        );
      }
      assertFits(text.length);
      for (const id of text) {
        ids.push(id);
        editable.push(0);
      }
    } else {
      if (typeof part.gap === "object") {
        throw invalid(
          `a gap of a number of tokens in prompt ${row}, got one to be searched for`,
          "Find its length with searchGaps of @textdiffusion/evaluation first; models of loadTextDiffusion do so themselves",
        );
      }
      if (!Number.isSafeInteger(part.gap) || part.gap < 1) {
        throw invalid(
          `a gap of at least 1 token in prompt ${row}, got ${part.gap}`,
          "Use a positive whole number",
        );
      }
      assertFits(part.gap);
      assertKeys(part, ["gap", "allowed", "banned"], `a gap of prompt ${row}`);
      const restriction = restrictionOf(tokenizer, part, `in a gap of prompt ${row}`);
      for (let count = 0; count < part.gap; count++) {
        if (restriction) restrictions.push({ position: ids.length, ...restriction });
        ids.push(special.mask);
        editable.push(1);
      }
    }
  };
  if (typeof prompt === "string") {
    lay(prompt);
    const rest = request.length - ids.length - after.length;
    if (rest < 1) {
      throw invalid(
        `a prompt shorter than the canvas of ${request.length} tokens, got ${ids.length + after.length} tokens in prompt ${row}`,
        "Shorten the prompt or raise the length",
      );
    }
    lay({ gap: rest });
  } else {
    prompt.forEach(lay);
    if (ids.length === before.length) {
      throw invalid(`at least one token in prompt ${row}, got none`, "Add text or a gap");
    }
  }
  ids.push(...after);
  editable.push(...after.map(() => 0));
  return { ids, editable, restrictions };
}

function invalid(expectedAndGot: string, remedy: string): DiffusionError {
  return new DiffusionError({
    code: "PROMPT_INVALID",
    component: "core/canvas",
    problem: `expected ${expectedAndGot}`,
    remedy,
  });
}
