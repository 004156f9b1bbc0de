import * as tf from "@tensorflow/tfjs-core";
import type { ReversibleUpdate } from "./reversible-update.js";

/** An exponential moving average of named parameters. It owns the averages, not the parameters. */
export interface MovingAverage {
  /** By parameter name. */
  readonly averages: ReadonlyMap<string, tf.Variable>;
  /**
   * Takes in the parameters as they are after update number `updates`, counted from 1.
   *
   * @param reversible - the same update of the parameters, which is kept or undone together with this
   */
  update(updates: number, reversible: ReversibleUpdate): void;
  /** Puts the averages in the place of the parameters. @returns what puts the parameters back */
  putInPlace(): () => void;
  dispose(): void;
}

/**
 * After update n, with `d = min(decay, (1 + n) / (10 + n))`, which lets go of the first weights soon:
 * ```
 * average <- average + (1 - d) (parameter - average)
 * ```
 * As in the diffusion models that evaluate their averages, MDLM (Sahoo et al. 2024, arXiv:2406.07524) with decay 0.9999
 * among them; the warm-up is that of `num_updates` in TensorFlow's `ExponentialMovingAverage`.
 */
export function createMovingAverage(
  parameters: ReadonlyMap<string, tf.Variable>,
  decay: number,
): MovingAverage {
  const averages = new Map(
    [...parameters].map(([name, parameter]) => [
      name,
      tf.tidy(() => tf.variable(tf.clone(parameter), false)),
    ]),
  );
  const each = (act: (parameter: tf.Variable, average: tf.Variable) => void): void => {
    for (const [name, average] of averages) act(parameters.get(name) as tf.Variable, average);
  };
  return {
    averages,
    update: (updates, { replace }) =>
      tf.tidy(() => {
        // A tensor: a number would be a constant of the recorded graph, and another graph each step.
        const share = tf.reshape(tf.tensor1d([1 - averagingDecay(decay, updates)]), []);
        each((parameter, average) =>
          replace(average, tf.add(average, tf.mul(share, tf.sub(parameter, average)))),
        );
      }),
    putInPlace: () => {
      const values = new Map<tf.Variable, tf.Tensor>();
      each((parameter, average) => {
        values.set(parameter, tf.keep(tf.clone(parameter)));
        tf.tidy(() => parameter.assign(tf.clone(average)));
      });
      return () => {
        for (const [parameter, value] of values) {
          parameter.assign(value);
          value.dispose();
        }
      };
    },
    dispose: () => tf.dispose([...averages.values()]),
  };
}

/** The decay of update number `updates`, counted from 1. */
export function averagingDecay(decay: number, updates: number): number {
  return Math.min(decay, (1 + updates) / (10 + updates));
}
