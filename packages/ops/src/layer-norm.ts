import * as tf from "@tensorflow/tfjs-core";
import { withGradient } from "./with-gradient.js";

/**
 * Layer normalisation over the last axis: `(x - mean) / sqrt(variance + epsilon) * scale + offset`, with the variance
 * of the population. Ba, Kiros and Hinton 2016, arXiv:1607.06450.
 *
 * With `n` the normalised `x` and `g = upstream * scale`, the gradient of `x` is
 * `(g - mean(g) - n * mean(g * n)) / sqrt(variance + epsilon)`.
 *
 * A backend that has kernels of its own for both (`onnx`) computes by those, with fewer tables of the size of `x`.
 *
 * @param x - shape [..., hidden]
 * @param scale - shape [hidden]
 * @param offset - shape [hidden]
 * @param epsilon - from the model's config; never tfjs's own
 * @returns the shape of `x`. The caller disposes of it; inputs stay alive.
 */
export function layerNorm<Value extends tf.Tensor>(
  x: Value,
  scale: tf.Tensor,
  offset: tf.Tensor,
  epsilon: number,
): Value {
  if (tf.getKernel("LayerNorm", tf.getBackend())) return byKernels(x, scale, offset, epsilon);
  return withGradient<Value>(
    [x, scale, offset],
    (save) => {
      const centred = tf.sub(x, tf.mean(x, -1, true)); // [..., hidden]
      const variance = tf.mean(tf.square(centred), -1, true); // [..., 1]
      const deviation = tf.sqrt(tf.add(variance, epsilon));
      const normalised = tf.div(centred, deviation);
      save([normalised, deviation, scale]);
      return tf.add(tf.mul(normalised, scale), offset);
    },
    (upstream, [normalised, deviation, scale]) => {
      const g = tf.mul(upstream, scale);
      const towardsNormalised = tf.mul(normalised, tf.mean(tf.mul(g, normalised), -1, true));
      const ofX = tf.div(tf.sub(tf.sub(g, tf.mean(g, -1, true)), towardsNormalised), deviation);
      const leadingAxes = Array.from({ length: upstream.rank - 1 }, (_, axis) => axis);
      return [ofX, tf.sum(tf.mul(upstream, normalised), leadingAxes), tf.sum(upstream, leadingAxes)];
    },
  );
}

// --- internal ---

function byKernels<Value extends tf.Tensor>(
  x: Value,
  scale: tf.Tensor,
  offset: tf.Tensor,
  epsilon: number,
): Value {
  return withGradient<Value>(
    [x, scale, offset],
    (save) => {
      const outputs = tf.engine().runKernel("LayerNorm", { x, scale, offset }, { epsilon });
      const [value, mean, inverseDeviation] = outputs as unknown as [Value, tf.Tensor, tf.Tensor];
      save([x, scale, mean, inverseDeviation]);
      return value;
    },
    (upstream, [x, scale, mean, inverseDeviation]) => {
      const inputs = { upstream, x, scale, mean, inverseDeviation };
      return tf.engine().runKernel("LayerNormGrad", inputs) as unknown as tf.Tensor[];
    },
  );
}
