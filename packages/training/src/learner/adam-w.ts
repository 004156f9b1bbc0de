import * as tf from "@tensorflow/tfjs-core";
import type { LearnerOptions } from "./learner-options.js";

export interface AdamWStep {
  readonly learningRate: number;
  /** Factor of every gradient: 1, or less when their norm is clipped. */
  readonly gradientScale: number;
}

/** A parameter and what AdamW remembers of its gradients; three variables of one shape. */
export interface AdamWSlot {
  readonly parameter: tf.Variable;
  /** Running mean of the gradient. */
  readonly firstMoment: tf.Variable;
  /** Running mean of its square. */
  readonly secondMoment: tf.Variable;
}

/** AdamW over named parameters. It owns the moments, not the parameters. */
export interface AdamW {
  /** By parameter name. */
  readonly slots: ReadonlyMap<string, AdamWSlot>;
  /** Number of updates so far. Set it when the variables of `slots` are restored. */
  updates: number;
  /**
   * One update of the parameters that have a gradient; the others keep weights and moments, and do not decay.
   *
   * @param gradients - by parameter name; the caller disposes of them
   */
  update(gradients: ReadonlyMap<string, tf.Tensor>, step: AdamWStep): void;
  dispose(): void;
}

/**
 * AdamW with decoupled weight decay, keyed by parameter name, so that freezing a parameter moves no moment to another.
 *
 * At update n, with gradient g times the clip factor and learning rate r:
 * ```
 * m <- beta1 m + (1 - beta1) g            v <- beta2 v + (1 - beta2) g^2
 * p <- p - r (m / (1 - beta1^n)) / (sqrt(v / (1 - beta2^n)) + epsilon) - r weightDecay p
 * ```
 * Loshchilov and Hutter 2019, arXiv:1711.05101. As in PyTorch, the decay is scaled by the learning rate.
 *
 * What changes from step to step enters as a tensor, so that a backend that compiles the recorded graph sees one
 * graph for all steps.
 */
export function createAdamW(parameters: ReadonlyMap<string, tf.Variable>, options: LearnerOptions): AdamW {
  const { weightDecay, beta1, beta2, epsilon } = options;
  const slots = new Map([...parameters].map(([name, parameter]) => [name, createSlot(parameter)]));
  const adamW: AdamW = { slots, updates: 0, update, dispose };
  return adamW;

  function update(
    gradients: ReadonlyMap<string, tf.Tensor>,
    { learningRate, gradientScale }: AdamWStep,
  ): void {
    const n = ++adamW.updates;
    tf.tidy(() => {
      const scale = tf.scalar(gradientScale);
      const stepSize = tf.scalar(learningRate / (1 - beta1 ** n));
      const inverseRoot = tf.scalar(1 / Math.sqrt(1 - beta2 ** n));
      const kept = tf.scalar(1 - learningRate * weightDecay);

      for (const [name, { parameter, firstMoment, secondMoment }] of slots) {
        const gradient = gradients.get(name);
        if (!gradient) continue;
        tf.tidy(() => {
          const g = tf.mul(gradient, scale);
          const m = tf.add(tf.mul(firstMoment, beta1), tf.mul(g, 1 - beta1));
          const v = tf.add(tf.mul(secondMoment, beta2), tf.mul(tf.square(g), 1 - beta2));
          const root = tf.add(tf.mul(tf.sqrt(v), inverseRoot), epsilon);
          const p = weightDecay > 0 && decays(name, parameter.shape) ? tf.mul(parameter, kept) : parameter;
          firstMoment.assign(m);
          secondMoment.assign(v);
          parameter.assign(tf.sub(p, tf.mul(stepSize, tf.div(m, root))));
        });
      }
    });
  }

  function dispose(): void {
    for (const { firstMoment, secondMoment } of slots.values()) tf.dispose([firstMoment, secondMoment]);
  }
}

/** Weight decay pulls on matrices only: not on biases, not on the gains and biases of norms. */
export function decays(name: string, shape: readonly number[]): boolean {
  return shape.length > 1 && !/LayerNorm|layer_norm/.test(name);
}

// --- internal ---

/** Variable names are global in tfjs; where none is given, the engine makes one that nothing else has. */
function createSlot(parameter: tf.Variable): AdamWSlot {
  return tf.tidy(() => ({
    parameter,
    firstMoment: tf.variable(tf.zeros(parameter.shape), false),
    secondMoment: tf.variable(tf.zeros(parameter.shape), false),
  }));
}
