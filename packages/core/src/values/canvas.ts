import type { TokenRestriction } from "../contracts/token-restriction.js";
import { DiffusionError } from "../errors/diffusion-error.js";

/** What one editable position of a canvas may take. */
export interface PositionRestriction extends TokenRestriction {
  readonly row: number;
  readonly position: number;
}

/**
 * The page that the reverse loop writes on. Prompt, infilling and unconditional generation differ only in `editable`.
 * Flat arrays, row after row: index `row * seq + position`.
 */
export interface Canvas {
  readonly batch: number;
  readonly seq: number;
  /** Tokens; every editable position that is still to be written holds `[MASK]`; shape [batch, seq]. */
  readonly ids: Int32Array;
  /** 1 where the model may attend, 0 on padding; shape [batch, seq]. */
  readonly attentionMask: Uint8Array;
  /** 1 where a sampler may write; shape [batch, seq]. */
  readonly editable: Uint8Array;
  /** The number that keys each row's randomness; shape [batch]. Default 0, 1, 2 ... A row run alone under its key gives the same text. */
  readonly rowKeys?: readonly number[];
  /** What may be drawn where not everything may; several at one position all hold. Default none. */
  readonly restrictions?: readonly PositionRestriction[];
}

/** @throws DiffusionError `SHAPE_MISMATCH` or `PROMPT_INVALID` when the arrays do not describe one page. */
export function assertCanvas(canvas: Canvas, maskTokenId: number): void {
  const size = canvas.batch * canvas.seq;
  for (const name of ["ids", "attentionMask", "editable"] as const) {
    if (canvas[name].length !== size) {
      throw new DiffusionError({
        code: "SHAPE_MISMATCH",
        component: "core/canvas",
        problem: `expected ${name} of shape [${canvas.batch}, ${canvas.seq}] (${size} numbers), got ${canvas[name].length}`,
        remedy: "Fill every row to the same length",
      });
    }
  }
  if (canvas.rowKeys && canvas.rowKeys.length !== canvas.batch) {
    throw new DiffusionError({
      code: "SHAPE_MISMATCH",
      component: "core/canvas",
      problem: `expected one row key for each of ${canvas.batch} rows, got ${canvas.rowKeys.length}`,
      remedy: "Give as many keys as rows, or none",
    });
  }
  const key = canvas.rowKeys?.find((candidate) => !Number.isSafeInteger(candidate));
  if (key !== undefined) {
    throw new DiffusionError({
      code: "PROMPT_INVALID",
      component: "core/canvas",
      problem: `expected a safe integer as each row key, got ${key}`,
      remedy: "Use whole numbers",
    });
  }
  const locked = canvas.ids.findIndex((id, index) => id === maskTokenId && canvas.editable[index] === 0);
  if (locked >= 0) {
    throw new DiffusionError({
      code: "PROMPT_INVALID",
      component: "core/canvas",
      problem: `expected no mask token outside the editable positions, got one in row ${Math.floor(locked / canvas.seq)} at position ${locked % canvas.seq}`,
      remedy: "Make that position editable, or take the mask token out of the prompt",
    });
  }
}
