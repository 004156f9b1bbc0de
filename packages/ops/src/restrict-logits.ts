import * as tf from "@tensorflow/tfjs-core";
import { DiffusionError, permits, type TokenRestriction } from "@textdiffusion/core";

export type Restrictions = readonly (TokenRestriction | undefined)[];

/**
 * Logits with what each row's restriction forbids at minus infinity. One row of the vocabulary is uploaded for each
 * different restriction, none where there is none.
 *
 * @param logits - shape [rows, blocks, width]; stays with the caller
 * @param restrictions - shape [rows]
 * @returns shape [rows, blocks, width], the caller disposes; undefined where no row is restricted
 */
export function restrictLogits(logits: tf.Tensor3D, restrictions: Restrictions): tf.Tensor3D | undefined {
  const kinds = [...new Set(restrictions)];
  if (kinds.every((kind) => kind === undefined)) return undefined;
  const [, blocks, width] = logits.shape;
  const size = blocks * width;
  // A power of two: backends that compile each shape see few of them.
  const height = 2 ** Math.ceil(Math.log2(kinds.length));
  const ceilings = new Float32Array(height * size);
  kinds.forEach((kind, index) => {
    if (kind) lower(ceilings.subarray(index * size, (index + 1) * size), kind);
  });
  return tf.tidy(() => {
    const table = tf.tensor3d(ceilings, [height, blocks, width]);
    if (kinds.length === 1) return tf.add(logits, table);
    const indices = Int32Array.from(restrictions, (restriction) => kinds.indexOf(restriction));
    return tf.add(logits, tf.gather(table, tf.tensor1d(indices, "int32")));
  });
}

/**
 * @param excluded - ids that may be drawn nowhere
 * @throws DiffusionError `SHAPE_MISMATCH`, `TOKEN_OUT_OF_RANGE`, and `CONFIG_INVALID` where nothing is left to draw
 */
export function assertRestrictions(
  restrictions: Restrictions,
  count: number,
  vocab: number,
  excluded: ReadonlySet<number>,
): void {
  if (restrictions.length !== count) {
    throw invalid(
      "SHAPE_MISMATCH",
      `${count} restrictions, got ${restrictions.length}`,
      "Pass one for each position",
    );
  }
  const checked = new Set<TokenRestriction>();
  for (const [position, restriction] of restrictions.entries()) {
    if (restriction === undefined || checked.has(restriction)) continue;
    checked.add(restriction);
    const { allowed, banned = [] } = restriction;
    const stray = [...(allowed ?? []), ...banned].find(
      (id) => !Number.isInteger(id) || id < 0 || id >= vocab,
    );
    if (stray !== undefined) {
      throw invalid(
        "TOKEN_OUT_OF_RANGE",
        `allowed and banned ids below ${vocab}, got ${stray} at requested position ${position}`,
        "Does the tokenizer belong to the model?",
      );
    }
    const left =
      allowed === undefined
        ? new Set([...excluded, ...banned]).size < vocab
        : Array.from(allowed).some((id) => permits(restriction, id) && !excluded.has(id));
    if (!left) {
      throw invalid(
        "CONFIG_INVALID",
        `a token that may be drawn at requested position ${position}, got none`,
        "Allow more tokens there",
      );
    }
  }
}

// --- internal ---

/** Minus infinity for the ids that the restriction forbids; `ceiling` is 0 before. */
function lower(ceiling: Float32Array, { allowed, banned = [] }: TokenRestriction): void {
  if (allowed !== undefined) {
    ceiling.fill(Number.NEGATIVE_INFINITY);
    for (const id of allowed) ceiling[id] = 0;
  }
  for (const id of banned) ceiling[id] = Number.NEGATIVE_INFINITY;
}

function invalid(code: DiffusionError["code"], expected: string, remedy: string): DiffusionError {
  return new DiffusionError({
    code,
    component: "ops/token-distributions",
    problem: `expected ${expected}`,
    remedy,
  });
}
