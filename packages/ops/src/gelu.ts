import * as tf from "@tensorflow/tfjs-core";
import { withGradient } from "./with-gradient.js";

/**
 * The Gaussian error linear unit `x * Phi(x)`, with the exact normal distribution:
 * `Phi(x) = (1 + erf(x / sqrt 2)) / 2`, gradient `Phi(x) + x * phi(x)`.
 * Hendrycks and Gimpel 2016, arXiv:1606.08415. Hugging Face calls it `gelu`.
 *
 * A backend with a kernel of its own for the gradient (`onnx`) computes `Phi` there once more: what is kept for it is
 * then `x` alone.
 *
 * @param x - any shape
 * @returns the shape of `x`. The caller disposes of it; `x` stays alive.
 */
export function gelu<Value extends tf.Tensor>(x: Value): Value {
  const byKernel = !!tf.getKernel("GeluGrad", tf.getBackend());
  return withGradient<Value>(
    [x],
    (save) => {
      const twicePhi = tf.add(tf.erf(tf.div(x, Math.SQRT2)), 1);
      save(byKernel ? [x] : [x, twicePhi]);
      return tf.mul(tf.mul(x, twicePhi), 0.5);
    },
    (upstream, [x, twicePhi]) => {
      if (byKernel) return [tf.engine().runKernel("GeluGrad", { upstream, x }) as tf.Tensor];
      const density = tf.mul(tf.exp(tf.mul(tf.square(x), -0.5)), 1 / Math.sqrt(2 * Math.PI));
      return [tf.mul(upstream, tf.add(tf.mul(twicePhi, 0.5), tf.mul(x, density)))];
    },
  );
}

/**
 * GELU with the normal distribution approximated by a hyperbolic tangent:
 * `x / 2 * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 x^3)))`.
 * Hendrycks and Gimpel 2016, arXiv:1606.08415. Hugging Face calls it `gelu_new` or `gelu_pytorch_tanh`.
 *
 * @param x - any shape
 * @returns the shape of `x`. The caller disposes of it; `x` stays alive.
 */
export function geluTanh<Value extends tf.Tensor>(x: Value): Value {
  return withGradient<Value>(
    [x],
    (save) => {
      const inner = tf.mul(x, tf.add(tf.mul(tf.square(x), tanhScale * tanhCubic), tanhScale));
      const tangent = tf.tanh(inner);
      save([x, tangent]);
      return tf.mul(tf.mul(x, tf.add(tangent, 1)), 0.5);
    },
    (upstream, [x, tangent]) => {
      const innerSlope = tf.add(tf.mul(tf.square(x), 3 * tanhScale * tanhCubic), tanhScale);
      const tangentSlope = tf.mul(tf.sub(1, tf.square(tangent)), innerSlope);
      const slope = tf.mul(tf.add(tf.add(tangent, 1), tf.mul(x, tangentSlope)), 0.5);
      return [tf.mul(upstream, slope)];
    },
  );
}

// --- internal ---

const tanhScale = Math.sqrt(2 / Math.PI);
const tanhCubic = 0.044715; // fitted by the authors of GELU
