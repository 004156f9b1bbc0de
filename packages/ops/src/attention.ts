import * as tf from "@tensorflow/tfjs-core";
import type { Random } from "@textdiffusion/core";
import { dropout } from "./dropout.js";
import { withGradient } from "./with-gradient.js";

/** Keys and values of some positions, head by head: each of shape [batch, heads, positions, size of a head]. */
export interface KeysAndValues {
  readonly keys: tf.Tensor4D;
  readonly values: tf.Tensor4D;
}

/** What attention reads. All of it stays alive. */
export interface AttentionInput {
  readonly batch: number;
  readonly seq: number;
  readonly heads: number;
  /** shape [batch * seq, hidden], head after head within `hidden` */
  readonly queries: tf.Tensor2D;
  /** shape [batch * seq, hidden] */
  readonly keys: tf.Tensor2D;
  /** shape [batch * seq, hidden] */
  readonly values: tf.Tensor2D;
  /** Keys and values from elsewhere that are attended to as well. They stand before the others. */
  readonly past?: KeysAndValues;
  /** Added to the scores: 0 where a key may be attended to, `attentionBias` where not; shape [batch, 1, 1 or seq, past + seq]. */
  readonly bias: tf.Tensor4D;
  /** Dropout of the attention probabilities, where wanted. */
  readonly dropout?: { readonly rate: number; readonly random: Random };
}

/**
 * Scaled dot-product attention in several heads: `softmax(q k^T / sqrt(size of a head) + bias) v`.
 * Vaswani et al. 2017, arXiv:1706.03762.
 *
 * With `P` the probabilities, `O = P v` and `dO` the gradient of `O`, the gradient of the scores is
 * `P * (dO v^T - s)`, where `s` of a row is the sum of `P * (dO v^T)` over the keys, which is the sum of `dO * O` over
 * the channels: a table of [heads, seq, seq] less. No gradient flows to `bias`.
 *
 * @returns shape [batch * seq, hidden]. The caller disposes of it.
 */
export function multiHeadAttention(input: AttentionInput): tf.Tensor2D {
  const { queries, keys, values, past, batch, heads } = input;
  if (past || input.dropout) return composedAttention(input);
  return withGradient<tf.Tensor2D>(
    [queries, keys, values],
    (save) => {
      const [q, k, v] = [queries, keys, values].map((x) => splitHeads(x, batch, heads));
      const probabilities = probabilitiesOf(q, k, input.bias);
      const output = joinHeads(tf.matMul(probabilities, v));
      save([q, k, v, probabilities, output]);
      return output;
    },
    (upstream, saved) => {
      const [q, k, v, probabilities] = saved as tf.Tensor4D[];
      const [, , seq, size] = q.shape;
      const ofOutput = splitHeads(upstream, batch, heads);
      const products = tf.reshape(tf.mul(upstream, saved[4]), [batch, seq, heads, size]);
      const sums = tf.transpose(tf.sum(products, -1, true), [0, 2, 1, 3]); // [batch, heads, seq, 1]
      const ofProbabilities = tf.matMul(ofOutput, v, false, true); // [batch, heads, seq, seq]
      const ofScores = tf.mul(probabilities, tf.sub(ofProbabilities, sums));
      const scale = 1 / Math.sqrt(size);
      return [
        joinHeads(tf.mul(tf.matMul(ofScores, k), scale)),
        joinHeads(tf.mul(tf.matMul(ofScores, q, true), scale)),
        joinHeads(tf.matMul(probabilities, ofOutput, true)),
      ];
    },
  );
}

/**
 * `multiHeadAttention` to keys and values that are there already, as a decoder has them in its cache.
 *
 * @param queries - shape [batch * seq, hidden]
 * @param memory - all that is attended to
 * @param bias - added to the scores; shape [batch, 1, 1 or seq, positions of the memory], or 1 in place of the batch
 * @returns shape [batch * seq, hidden]. The caller disposes of it.
 */
export function attendTo(
  queries: tf.Tensor2D,
  { keys, values }: KeysAndValues,
  bias: tf.Tensor4D,
): tf.Tensor2D {
  const [batch, heads] = keys.shape;
  return joinHeads(tf.matMul(probabilitiesOf(splitHeads(queries, batch, heads), keys, bias), values));
}

/**
 * @param x - shape [batch * seq, hidden]
 * @returns shape [batch, heads, seq, hidden / heads]. The caller disposes of it.
 */
export function splitHeads(x: tf.Tensor2D, batch: number, heads: number): tf.Tensor4D {
  const [rows, hidden] = x.shape;
  return tf.transpose(tf.reshape(x, [batch, rows / batch, heads, hidden / heads]), [0, 2, 1, 3]);
}

/**
 * The additive mask of `multiHeadAttention`: large enough that `exp` of it is 0 in float32, small enough that no sum
 * overflows.
 *
 * @param attentionMask - 1 where a key may be attended to, 0 where not; shape [batch, seq]
 * @returns shape [batch, 1, 1, seq]. The caller disposes of it.
 */
export function attentionBias(attentionMask: tf.Tensor2D): tf.Tensor4D {
  const [batch, seq] = attentionMask.shape;
  const blocked = tf.sub(1, tf.cast(attentionMask, "float32"));
  return tf.reshape(tf.mul(blocked, -1e9), [batch, 1, 1, seq]);
}

// --- internal ---

/** With a past, or with dropout: tfjs puts the gradient together from the parts. */
function composedAttention(input: AttentionInput): tf.Tensor2D {
  const { batch, heads, past, bias } = input;
  const after = (before: tf.Tensor4D | undefined, x: tf.Tensor2D) => {
    const split = splitHeads(x, batch, heads);
    return before ? tf.concat([before, split], 2) : split; // [batch, heads, past + seq, size]
  };
  const queries = splitHeads(input.queries, batch, heads);
  let probabilities = probabilitiesOf(queries, after(past?.keys, input.keys), bias);
  if (input.dropout) probabilities = dropout(probabilities, input.dropout.rate, input.dropout.random);
  return joinHeads(tf.matMul(probabilities, after(past?.values, input.values)));
}

/** shape [batch, heads, queries, keys] */
function probabilitiesOf(q: tf.Tensor4D, k: tf.Tensor4D, bias: tf.Tensor4D): tf.Tensor4D {
  const products = tf.matMul(q, k, false, true);
  return tf.softmax(tf.add(tf.mul(products, 1 / Math.sqrt(q.shape[3])), bias)) as tf.Tensor4D;
}

/** [batch, heads, seq, size] to [batch * seq, hidden] */
function joinHeads(x: tf.Tensor4D): tf.Tensor2D {
  const [batch, heads, seq, size] = x.shape;
  return tf.reshape(tf.transpose(x, [0, 2, 1, 3]), [batch * seq, heads * size]);
}
