import * as tf from "@tensorflow/tfjs-core";
import type { LearnerOptions } from "./learner-options.js";
import { type ReversibleUpdate, reversibleUpdate } from "./reversible-update.js";

export interface AdamWStep {
  readonly learningRate: number;
  /** Factor of every gradient, at most 1, where their norm is clipped; shape []. */
  readonly gradientScale?: tf.Tensor;
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
   * One update of the parameters that have a gradient; the others keep weights and moments, and do not decay. It can
   * be taken back, so that one may look at what it was computed from together with the result: on a backend that
   * records, a whole step is then one run.
   *
   * @param gradients - by parameter name; the caller disposes of them
   */
  update(gradients: ReadonlyMap<string, tf.Tensor>, step: AdamWStep): ReversibleUpdate;
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
 * What changes from step to step enters as one tensor, so that a backend that compiles the recorded graph sees one
 * graph for all steps, and takes no single number for a constant.
 */
export function createAdamW(parameters: ReadonlyMap<string, tf.Variable>, options: LearnerOptions): AdamW {
  const { weightDecay, beta1, beta2, epsilon } = options;
  const slots = new Map([...parameters].map(([name, parameter]) => [name, createSlot(parameter)]));
  const adamW: AdamW = { slots, updates: 0, update, dispose };
  return adamW;

  function update(
    gradients: ReadonlyMap<string, tf.Tensor>,
    { learningRate, gradientScale }: AdamWStep,
  ): ReversibleUpdate {
    const n = ++adamW.updates;
    const updated = reversibleUpdate(() => {
      adamW.updates = n - 1;
    });
    const { replace } = updated;
    tf.tidy(() => {
      const correction = Math.sqrt(1 - beta2 ** n);
      const settings = tf.tensor1d([
        (learningRate * correction) / (1 - beta1 ** n),
        epsilon * correction,
        1 - learningRate * weightDecay,
      ]);
      const [stepSize, floor, kept] = tf.unstack(settings); // each []

      for (const { slots, decayed } of groupsOf(gradients)) {
        tf.tidy(() => {
          const gradient = joined(slots.map(({ gradient }) => gradient));
          const g = gradientScale ? tf.mul(gradient, gradientScale) : gradient;
          const [first, second, parameter] = (["firstMoment", "secondMoment", "parameter"] as const).map(
            (part) => joined(slots.map((slot) => slot[part])),
          );
          const m = tf.add(tf.mul(first, beta1), tf.mul(g, 1 - beta1));
          const v = tf.add(tf.mul(second, beta2), tf.mul(tf.square(g), 1 - beta2));
          const p = decayed ? tf.mul(parameter, kept) : parameter;
          // Both corrections in one factor: with c = sqrt(1 - beta2^n), m / (sqrt(v) / c + epsilon) = c m / (sqrt(v) + c epsilon).
          const step = tf.mul(stepSize, tf.div(m, tf.add(tf.sqrt(v), floor)));
          const parts = [m, v, tf.sub(p, step)].map((whole) => taken(whole, slots));
          slots.forEach(({ firstMoment, secondMoment, parameter }, place) => {
            replace(firstMoment, parts[0][place]);
            replace(secondMoment, parts[1][place]);
            replace(parameter, parts[2][place]);
          });
        });
      }
    });
    return updated;
  }

  /** What is updated together: a large parameter alone, all small ones that decay, and all that do not. */
  function groupsOf(gradients: ReadonlyMap<string, tf.Tensor>): Group[] {
    const groups: Group[] = [];
    const small = [true, false].map((decayed): Group => ({ decayed, slots: [] }));
    for (const [name, slot] of slots) {
      const gradient = gradients.get(name);
      if (!gradient) continue;
      const decayed = weightDecay > 0 && decays(name, gradient.shape);
      if (gradient.size > smallSize) groups.push({ decayed, slots: [{ ...slot, gradient }] });
      else small[decayed ? 0 : 1].slots.push({ ...slot, gradient });
    }
    return [...groups, ...small.filter(({ slots }) => slots.length > 0)];
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

interface Group {
  readonly decayed: boolean;
  readonly slots: (AdamWSlot & { readonly gradient: tf.Tensor })[];
}

/** Up to this many numbers an operation costs more than its arithmetic: most parameters are gains and biases. */
const smallSize = 8192;

/** One tensor as it is; several in a row, flat. */
function joined(tensors: readonly tf.Tensor[]): tf.Tensor {
  if (tensors.length === 1) return tensors[0];
  return tf.concat1d(tensors.map((tensor) => tf.reshape(tensor, [tensor.size])));
}

/** The parts of what `joined` put together, each in its shape again. */
function taken(whole: tf.Tensor, slots: Group["slots"]): tf.Tensor[] {
  if (slots.length === 1) return [whole];
  const sizes = slots.map(({ parameter }) => parameter.size);
  return tf.split(whole, sizes).map((part, place) => tf.reshape(part, slots[place].parameter.shape));
}

/** Variable names are global in tfjs; where none is given, the engine makes one that nothing else has. */
function createSlot(parameter: tf.Variable): AdamWSlot {
  return tf.tidy(() => ({
    parameter,
    firstMoment: tf.variable(tf.zeros(parameter.shape), false),
    secondMoment: tf.variable(tf.zeros(parameter.shape), false),
  }));
}
