import * as tf from "@tensorflow/tfjs-core";
import type { Random } from "@textdiffusion/core";

/**
 * Inverted dropout: each number is 0 with probability `rate` and divided by `1 - rate` otherwise, so that the mean
 * stays. Srivastava et al. 2014, JMLR 15. The numbers come from the host, so they are the same on every backend.
 *
 * @param x - any shape
 * @param rate - in [0, 1); 0 returns `x` itself
 * @param random - the stream of this one use; the same stream drops the same entries
 * @returns the shape of `x`. `x` stays alive.
 */
export function dropout<Value extends tf.Tensor>(x: Value, rate: number, random: Random): Value {
  if (rate === 0) return x;
  const kept = 1 / (1 - rate);
  const factors = random.fillUniform(new Float32Array(x.size));
  for (let index = 0; index < factors.length; index++) factors[index] = factors[index] < rate ? 0 : kept;
  return tf.mul(x, tf.tensor(factors, x.shape));
}
