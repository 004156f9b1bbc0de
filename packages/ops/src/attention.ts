import * as tf from "@tensorflow/tfjs-core";
import type { Random } from "@textdiffusion/core";
import { dropout } from "./dropout.js";

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
  /** Added to the scores: 0 where a key may be attended to, `attentionBias` where not; shape [batch, 1, 1, past + seq]. */
  readonly bias: tf.Tensor4D;
  /** Dropout of the attention probabilities, where wanted. */
  readonly dropout?: { readonly rate: number; readonly random: Random };
}

/**
 * Scaled dot-product attention in several heads: `softmax(q k^T / sqrt(size of a head) + bias) v`.
 * Vaswani et al. 2017, arXiv:1706.03762.
 *
 * @returns shape [batch * seq, hidden]. The caller disposes of it.
 */
export function multiHeadAttention(input: AttentionInput): tf.Tensor2D {
  const { batch, seq, heads, past, bias } = input;
  const hidden = input.queries.shape[1];
  const split = (x: tf.Tensor2D) => splitHeads(x, batch, heads);
  const after = (before: tf.Tensor4D | undefined, x: tf.Tensor2D) =>
    before ? tf.concat([before, split(x)], 2) : split(x); // [batch, heads, past + seq, size]
  const products = tf.matMul(split(input.queries), after(past?.keys, input.keys), false, true);
  const scores = tf.add(tf.mul(products, 1 / Math.sqrt(hidden / heads)), bias); // [batch, heads, seq, past + seq]
  let probabilities = tf.softmax(scores);
  if (input.dropout) probabilities = dropout(probabilities, input.dropout.rate, input.dropout.random);
  const mixed = tf.matMul(probabilities, after(past?.values, input.values)); // [batch, heads, seq, size]
  return tf.reshape(tf.transpose(mixed, [0, 2, 1, 3]), [batch * seq, hidden]);
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
