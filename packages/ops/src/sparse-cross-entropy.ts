import * as tf from "@tensorflow/tfjs-core";
import { withGradient } from "./with-gradient.js";

/**
 * Cross entropy of one label a row, in nats: `log(sum(exp(logits))) - logits[label]`, with the largest logit taken out
 * first. Gradient: `softmax(logits) - [column = label]`.
 *
 * The label is read by its index and compared with the columns in the gradient, so that no table of zeros and a one is
 * made on the way forward.
 *
 * @param logits - shape [n, vocab]
 * @param labels - int32 in [0, vocab), checked by the caller; shape [n]
 * @returns nats; shape [n]. The caller disposes of it; inputs stay alive.
 */
export function sparseCrossEntropy(logits: tf.Tensor2D, labels: tf.Tensor1D): tf.Tensor1D {
  const [count, vocab] = logits.shape;
  return withGradient<tf.Tensor1D>(
    [logits],
    (save) => {
      const shifted = tf.sub(logits, tf.max(logits, 1, true)); // [n, vocab]
      const exponentials = tf.exp(shifted);
      const total = tf.sum(exponentials, 1, true); // [n, 1]
      const flatIndices = tf.add(tf.mul(tf.range(0, count, 1, "int32"), tf.scalar(vocab, "int32")), labels);
      const ofLabel = tf.gather(tf.reshape(shifted, [count * vocab]), flatIndices); // [n]
      save([exponentials, total, labels]);
      return tf.sub(tf.reshape(tf.log(total), [count]), ofLabel);
    },
    (upstream, [exponentials, total, labels]) => {
      const columns = tf.range(0, vocab, 1, "int32");
      const isLabel = tf.equal(columns, tf.reshape(labels, [count, 1])); // [n, vocab]
      const difference = tf.sub(tf.div(exponentials, total), tf.cast(isLabel, "float32"));
      return [tf.mul(difference, tf.reshape(upstream, [count, 1]))];
    },
  );
}
