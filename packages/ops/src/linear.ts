import * as tf from "@tensorflow/tfjs-core";

/**
 * `x W^T + b`, with the weight as PyTorch and Hugging Face keep it.
 *
 * @param x - shape [rows, in]
 * @param weight - shape [out, in]
 * @param bias - shape [out]
 * @returns shape [rows, out]. The caller disposes of it; inputs stay alive.
 */
export function linear(x: tf.Tensor2D, weight: tf.Tensor2D, bias: tf.Tensor1D): tf.Tensor2D {
  return tf.add(tf.matMul(x, weight, false, true), bias);
}
