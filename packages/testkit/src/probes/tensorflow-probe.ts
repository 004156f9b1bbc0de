import type { BackendProbe, HostTensor } from "./backend-probe.js";

/** What the probe uses of `@tensorflow/tfjs-core`, which is passed in: the testkit depends on no TensorFlow.js. */
export interface TensorflowLike {
  readonly tensor: unknown;
  readonly tidy: unknown;
  readonly grads: unknown;
}

/**
 * ```ts
 * import * as tf from "@tensorflow/tfjs-core";
 * backendLaws(() => myBackend(), { probe: tensorflowProbe(tf) });
 * ```
 */
export function tensorflowProbe(tensorflow: TensorflowLike): BackendProbe {
  const tf = tensorflow as unknown as Operations;
  const formulas: Readonly<Record<string, (...inputs: Tensor[]) => Tensor>> = {
    product: (x, y) => tf.matMul(x, y),
    logSoftmax: (x) => tf.logSoftmax(x),
    addTanh: (x, y) => tf.tanh(tf.add(x, y)),
    normalise: (x) => {
      const centred = tf.sub(x, tf.mean(x, -1, true));
      return tf.div(centred, tf.sqrt(tf.add(tf.mean(tf.square(centred), -1, true), 0.1)));
    },
  };
  const onDevice = ({ shape, values }: HostTensor) => tf.tensor(Float32Array.from(values), shape);
  const read = async (tensors: readonly Tensor[]) => {
    try {
      return await Promise.all(tensors.map((tensor) => tensor.data()));
    } finally {
      for (const tensor of tensors) tensor.dispose();
    }
  };
  return {
    compute: async (formula, inputs) =>
      (await read([tf.tidy(() => formulas[formula](...inputs.map(onDevice)))]))[0],
    differentiate: (formula, inputs, weights) =>
      read(
        tf.tidy(() => {
          const scalar = (...tensors: Tensor[]) =>
            tf.sum(tf.mul(formulas[formula](...tensors), onDevice(weights)));
          return tf.grads(scalar)(inputs.map(onDevice));
        }),
      ),
    hold: (shape) => {
      const tensor = tf.zeros(shape);
      return () => tensor.dispose();
    },
  };
}

// --- internal ---

interface Tensor {
  data(): Promise<ArrayLike<number>>;
  dispose(): void;
}

interface Operations {
  tensor(values: Float32Array, shape: readonly number[]): Tensor;
  zeros(shape: readonly number[]): Tensor;
  tidy<Value>(run: () => Value): Value;
  grads(formula: (...inputs: Tensor[]) => Tensor): (inputs: readonly Tensor[]) => Tensor[];
  add(a: Tensor, b: Tensor | number): Tensor;
  sub(a: Tensor, b: Tensor): Tensor;
  mul(a: Tensor, b: Tensor): Tensor;
  div(a: Tensor, b: Tensor): Tensor;
  sqrt(x: Tensor): Tensor;
  square(x: Tensor): Tensor;
  tanh(x: Tensor): Tensor;
  sum(x: Tensor): Tensor;
  mean(x: Tensor, axis: number, keepDims: boolean): Tensor;
  matMul(a: Tensor, b: Tensor): Tensor;
  logSoftmax(x: Tensor): Tensor;
}
