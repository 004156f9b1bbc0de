import * as tf from "@tensorflow/tfjs-core";

/** The sum of the gradients of several micro-batches, by parameter name, on the device. Dispose of it after the step. */
export class GradientSum {
  private readonly sums = new Map<string, tf.Tensor>();

  get gradients(): ReadonlyMap<string, tf.Tensor> {
    return this.sums;
  }

  /** Takes over `gradient`. */
  add(name: string, gradient: tf.Tensor): void {
    const sum = this.sums.get(name);
    this.sums.set(name, sum ? tf.add(sum, gradient) : gradient);
    if (sum) tf.dispose([sum, gradient]);
  }

  /** The squared L2 norm of each gradient, in the order of `gradients`; shape [gradients]. One small download. */
  async squaredNorms(): Promise<Float32Array> {
    const norms = tf.tidy(() =>
      tf.stack([...this.sums.values()].map((gradient) => tf.sum(tf.square(gradient)))),
    );
    try {
      return (await norms.data()) as Float32Array;
    } finally {
      norms.dispose();
    }
  }

  dispose(): void {
    tf.dispose([...this.sums.values()]);
    this.sums.clear();
  }
}
