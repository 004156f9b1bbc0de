import * as tf from "@tensorflow/tfjs-core";
import { DiffusionError, type NamedArray } from "@textdiffusion/core";
import type { ParameterSpec } from "./parameter-layout.js";

/** The weights of a model on the current tfjs backend. */
export interface Variables {
  readonly parameters: ReadonlyMap<string, tf.Variable>;
  /** A weight by its Hugging Face name. @throws DiffusionError `DISPOSED` */
  weight(name: string): tf.Tensor;
  /** Frees every weight. */
  dispose(): void;
}

/**
 * Weights from numbers that are asked for one tensor after the other, so that a large checkpoint is never held twice.
 *
 * @param model - the model's name, for messages
 * @param read - the numbers of a weight, by Hugging Face name
 * @throws DiffusionError `MODEL_INVALID` for numbers of another shape, `NOT_A_NUMBER` for NaN or infinity
 */
export async function createVariables(
  model: string,
  layout: ReadonlyMap<string, Pick<ParameterSpec, "shape">>,
  read: (name: string, shape: readonly number[]) => NamedArray | Promise<NamedArray>,
): Promise<Variables> {
  const parameters = new Map<string, tf.Variable>();
  const dispose = () => {
    for (const variable of parameters.values()) variable.dispose();
    parameters.clear();
  };
  try {
    for (const [name, { shape }] of layout) {
      const { data } = checked(name, shape, await read(name, shape));
      const initial = tf.tensor(data, [...shape]);
      // tfjs keeps variables by name, for the whole process. The tensor's id keeps two models apart.
      parameters.set(name, tf.variable(initial, true, `${initial.id}/${name}`));
      initial.dispose();
    }
  } catch (error) {
    dispose();
    throw error;
  }
  const weight = (name: string): tf.Tensor => {
    const variable = parameters.get(name);
    if (variable) return variable;
    throw new DiffusionError({
      code: "DISPOSED",
      component: `models/${model}`,
      problem: `expected a live model, got one without "${name}"`,
      remedy: "Load it again; dispose() freed its weights",
    });
  };
  return { parameters, weight, dispose };
}

// --- internal ---

function checked(name: string, shape: readonly number[], tensor: NamedArray): NamedArray {
  if (tensor.shape.join() !== shape.join()) {
    throw new DiffusionError({
      code: "MODEL_INVALID",
      component: "models/parameters",
      problem: `expected "${name}" of shape [${shape.join(", ")}], got [${tensor.shape.join(", ")}]`,
      remedy: "Do weights and config belong together?",
    });
  }
  const stray = tensor.data.findIndex((value) => !Number.isFinite(value));
  if (stray >= 0) {
    throw new DiffusionError({
      code: "NOT_A_NUMBER",
      component: "models/parameters",
      problem: `expected finite numbers in "${name}", got ${tensor.data[stray]} at index ${stray}`,
      remedy: "The training run that wrote them diverged; use an earlier checkpoint",
      details: { name },
    });
  }
  return tensor;
}
