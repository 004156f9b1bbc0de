import { DiffusionError, type NoisedBatch } from "@textdiffusion/core";

/** The positions of a batch that pass the head, padded to one of a few lengths. */
export interface LossPositions {
  /** Flat indices `row * seq + position`, ascending; the last one repeats as padding; shape [padded]. */
  readonly positions: Int32Array;
  /** The clean token at each position; shape [padded]. */
  readonly labels: Int32Array;
  /** Number of positions that are not padding; 0 when there are none. */
  readonly count: number;
}

/**
 * Backends that compile a graph compile one for each shape, and the number of masked positions differs from batch to
 * batch. So it is rounded up to one of eight lengths: at most an eighth of the batch passes the head in vain.
 */
const LENGTHS = 8;

/**
 * Where `selected` is not 0, with padding that repeats the last position: a position that is real, so that padding
 * can never bring in a NaN of its own. Give padding the weight 0.
 *
 * @throws DiffusionError `TOKEN_OUT_OF_RANGE` for a clean token that the model has no logit of
 */
export function lossPositions(
  batch: NoisedBatch,
  selected: ArrayLike<number>,
  vocabularySize: number,
): LossPositions {
  const size = batch.batch * batch.seq;
  const found = new Int32Array(size);
  let count = 0;
  for (let index = 0; index < size; index++) if (selected[index] !== 0) found[count++] = index;
  const positions = found.slice(0, count === 0 ? 0 : paddedLength(count, size));
  positions.fill(found[count - 1], count);
  const labels = positions.map((index) => batch.cleanIds[index]);
  const outside = labels.findIndex((label) => label < 0 || label >= vocabularySize);
  if (outside >= 0) {
    throw new DiffusionError({
      code: "TOKEN_OUT_OF_RANGE",
      component: "training/learner",
      problem: `expected clean tokens below ${vocabularySize}, got ${labels[outside]} in row ${Math.floor(positions[outside] / batch.seq)} at position ${positions[outside] % batch.seq}`,
      remedy: "Was the text tokenized with the tokenizer of another model?",
    });
  }
  return { positions, labels, count };
}

// --- internal ---

function paddedLength(count: number, size: number): number {
  const multiple = Math.ceil(size / LENGTHS);
  return Math.min(size, Math.ceil(count / multiple) * multiple);
}
