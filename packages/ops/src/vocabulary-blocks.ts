import * as tf from "@tensorflow/tfjs-core";

/**
 * A vocabulary cut into about `sqrt(vocab)` blocks of consecutive ids, so that one number a block is enough to decide
 * on the host where to look, and only the blocks looked at are downloaded. The last block is padded with tokens that
 * cannot be drawn.
 */
export interface BlockLayout {
  readonly vocab: number;
  readonly blocks: number;
  /** Ids in a block. */
  readonly width: number;
}

/** What the device says about each block; every array has the shape [rows, blocks]. */
export interface BlockSummaries {
  /** Largest logit. */
  readonly max: Float32Array;
  /** Sum of the probabilities at the draw's temperature. */
  readonly drawMass: Float32Array;
  /** Sum of the probabilities `p` at the score temperature. */
  readonly scoreMass: Float32Array;
  /** Sum of `p z` with `z = (logit - rowMax) / scoreTemperature`: what the entropy is made of. */
  readonly scoreMoment: Float32Array;
}

export function layOutBlocks(vocab: number): BlockLayout {
  const width = Math.ceil(Math.sqrt(vocab));
  return { vocab, width, blocks: Math.ceil(vocab / width) };
}

/** 0 for ids that may be drawn, minus infinity for the others and for the padding; shape [blocks * width]. */
export function drawableIds(layout: BlockLayout, excluded: Iterable<number>): tf.Tensor1D {
  const ceiling = new Float32Array(layout.blocks * layout.width);
  for (const id of excluded) ceiling[id] = Number.NEGATIVE_INFINITY;
  ceiling.fill(Number.NEGATIVE_INFINITY, layout.vocab);
  return tf.tensor1d(ceiling);
}

/** Rows `from` to `to` of the logits with the excluded ids removed; shape [rows, blocks, width]. The caller disposes. */
export function blockedLogits(
  logits: tf.Tensor2D, // [positions, vocab]
  drawable: tf.Tensor1D,
  layout: BlockLayout,
  from: number,
  to: number,
): tf.Tensor3D {
  const { vocab, blocks, width } = layout;
  return tf.tidy(() => {
    const rows = to - from === logits.shape[0] ? logits : tf.slice(logits, [from, 0], [to - from, vocab]);
    const padded = tf.pad(rows, [
      [0, 0],
      [0, blocks * width - vocab],
    ]);
    return tf.reshape(tf.add(padded, drawable), [to - from, blocks, width]);
  });
}

/** @param temperature - 0 asks for no draw masses: `drawMass` is then `scoreMass` */
export async function summarizeBlocks(
  logits: tf.Tensor3D, // [rows, blocks, width]
  temperature: number,
  scoreTemperature: number,
): Promise<BlockSummaries> {
  const [rows, blocks, width] = logits.shape;
  const summaries = tf.tidy(() => {
    const max = tf.max(logits, 2); // [rows, blocks]
    const shifted = tf.sub(logits, tf.reshape(tf.max(max, 1), [rows, 1, 1])); // largest 0
    const softmax = (values: tf.Tensor) =>
      tf.reshape(tf.softmax(tf.reshape(values, [rows, blocks * width])), [rows, blocks, width]);
    const scores = scoreTemperature === 1 ? shifted : tf.div(shifted, scoreTemperature);
    const probabilities = softmax(scores);
    const scoreMass = tf.sum(probabilities, 2);
    // Below -200 the probability is 0 in float32, and unlike minus infinity -200 may be multiplied with it.
    const scoreMoment = tf.sum(tf.mul(probabilities, tf.clipByValue(scores, -200, 0)), 2);
    const sharesMass = temperature === 0 || temperature === scoreTemperature;
    const drawMass = sharesMass ? scoreMass : tf.sum(softmax(tf.div(shifted, temperature)), 2);
    return tf.stack([max, drawMass, scoreMass, scoreMoment]); // one download
  });
  const values = await download<Float32Array>(summaries);
  const size = rows * blocks;
  const [max, drawMass, scoreMass, scoreMoment] = [0, 1, 2, 3].map((index) =>
    values.subarray(index * size, (index + 1) * size),
  );
  return { max, drawMass, scoreMass, scoreMoment };
}

/**
 * Downloads some blocks.
 *
 * @param indices - `row * blocks + block` of each
 * @returns one block after the other; at least `indices.length * width` numbers
 */
export function downloadBlocks(logits: tf.Tensor3D, indices: readonly number[]): Promise<Float32Array> {
  const [rows, blocks, width] = logits.shape;
  return download(tf.tidy(() => tf.gather(tf.reshape(logits, [rows * blocks, width]), bucketed(indices))));
}

/**
 * Downloads whole rows.
 *
 * @returns one row after the other, each of `blocks * width` numbers; at least as many as asked for
 */
export function downloadRows(logits: tf.Tensor3D, rows: readonly number[]): Promise<Float32Array> {
  return download(tf.tidy(() => tf.gather(logits, bucketed(rows))));
}

/**
 * The `count` largest logits of some rows, which must hold no NaN: kernels sort, and would lose their way.
 *
 * @returns for each row `count` logits and the ids that have them, the largest first; which of equal logits are taken
 *   at the border, and their order, is the backend's business
 */
export async function downloadLargest(
  logits: tf.Tensor3D, // [rows, blocks, width]
  rows: readonly number[],
  count: number,
): Promise<{ logits: Float32Array; ids: Int32Array }> {
  const [allRows, blocks, width] = logits.shape;
  const { values, indices } = tf.tidy(() => {
    const chosen = rows.length === allRows ? logits : tf.gather(logits, bucketed(rows));
    return tf.topk(tf.reshape(chosen, [-1, blocks * width]), count);
  });
  const [largest, ids] = await Promise.all([download<Float32Array>(values), download<Int32Array>(indices)]);
  return { logits: largest, ids };
}

// --- internal ---

/** Padded to a power of two with the last index: backends that compile each shape see few of them. */
function bucketed(indices: readonly number[]): tf.Tensor1D {
  const padded = new Int32Array(2 ** Math.ceil(Math.log2(indices.length))).fill(indices.at(-1)!);
  padded.set(indices);
  return tf.tensor1d(padded, "int32");
}

async function download<Values extends Float32Array | Int32Array>(tensor: tf.Tensor): Promise<Values> {
  try {
    return (await tensor.data()) as Values;
  } finally {
    tensor.dispose();
  }
}
