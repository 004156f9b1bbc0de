import { DiffusionError, type ErrorCode } from "@textdiffusion/core";
import type { ModelInput } from "@textdiffusion/ops";

/**
 * Backends differ in what they do with an index out of range: some throw, some read zeros. So nothing reaches one.
 *
 * @throws DiffusionError `SHAPE_MISMATCH`, or `TOKEN_OUT_OF_RANGE` for an id that the model has no row for
 */
export function assertModelInput(input: ModelInput, maxLength: number, vocabularySize: number): void {
  const { batch, seq, ids, attentionMask, positions } = input;
  const size = batch * seq;
  if (seq < 1 || seq > maxLength) {
    throw invalid(
      "SHAPE_MISMATCH",
      `expected rows of 1 to ${maxLength} tokens, got ${seq}`,
      "Use shorter rows",
    );
  }
  for (const [name, array] of Object.entries({ ids, attentionMask })) {
    if (array.length !== size || size === 0) {
      throw invalid(
        "SHAPE_MISMATCH",
        `expected ${name} of shape [${batch}, ${seq}] and at least one row, got ${array.length} numbers`,
        "Fill every row to the same length",
      );
    }
  }
  const stray = ids.findIndex((id) => id < 0 || id >= vocabularySize);
  if (stray >= 0) {
    throw invalid(
      "TOKEN_OUT_OF_RANGE",
      `expected ids from 0 to ${vocabularySize - 1}, got ${ids[stray]} in row ${Math.floor(stray / seq)} at position ${stray % seq}`,
      "Does the tokenizer belong to this model?",
    );
  }
  if (positions.length === 0) {
    throw invalid("SHAPE_MISMATCH", "expected at least one position, got none", "Ask for one");
  }
  const outside = positions.find((position) => position < 0 || position >= size);
  if (outside !== undefined) {
    throw invalid(
      "SHAPE_MISMATCH",
      `expected positions from 0 to ${size - 1}, got ${outside}`,
      "Positions are row * seq + position",
    );
  }
}

// --- internal ---

function invalid(code: ErrorCode, problem: string, remedy: string): DiffusionError {
  return new DiffusionError({ code, component: "models/input", problem, remedy });
}
