import * as tf from "@tensorflow/tfjs-core";

/**
 * A formula with its own gradient, in place of the one that tfjs would put together from its parts. `tf.customGrad`
 * with types that fit: conditions and comparisons, which tfjs cannot differentiate, may stand inside `forward`.
 *
 * @param inputs - what is differentiated, in the order of the gradients
 * @param forward - the value; what `gradient` needs it must `save`, as everything else is freed before that runs
 * @param gradient - from the gradient of the value and the saved tensors, one gradient for each input, of its shape
 * @returns the value. The caller disposes of it; inputs stay alive.
 */
export function withGradient<Value extends tf.Tensor>(
  inputs: readonly tf.Tensor[],
  forward: (save: (tensors: tf.Tensor[]) => void) => Value,
  gradient: (upstream: Value, saved: tf.Tensor[]) => tf.Tensor[],
): Value {
  return tf.customGrad<Value>((...passed) => ({
    value: forward(passed[passed.length - 1] as tf.GradSaveFunc),
    gradFunc: gradient,
  }))(...inputs);
}
