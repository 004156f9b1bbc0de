import * as tf from "@tensorflow/tfjs-core";
import { DiffusionError, listNames, type NamedArray } from "@textdiffusion/core";
import type { EncoderConfig } from "../config/encoder-config.js";
import { parameterLayout } from "../parameters/parameter-layout.js";
import { architectures } from "./architectures.js";
import { assertModelInput } from "./assert-model-input.js";
import { type EncoderInput, encoderForward } from "./encoder-forward.js";
import { inputTensors, type RecallingModel, recall, remember } from "./encoder-memory.js";

/** A BERT or RoBERTa masked language model that knows its config, so that it can be saved. */
export interface EncoderModel extends RecallingModel {
  readonly config: EncoderConfig;
  /**
   * Raw logits of every position, from tensors and without looking at their values: what an export records. Ids and
   * lengths are not checked.
   *
   * @returns shape [batch, seq, vocab], float32. The caller disposes of it; inputs stay alive.
   */
  logitsOfAll(input: Omit<EncoderInput, "positions">): tf.Tensor3D;
}

/**
 * A model on the current tfjs backend from numbers that are asked for one tensor after the other, so that a large
 * checkpoint is never held twice.
 *
 * @param read - the numbers of a weight, by Hugging Face name
 * @returns the model; `dispose()` frees every weight
 * @throws DiffusionError `MODEL_INVALID` for numbers of another shape, `NOT_A_NUMBER` for NaN or infinity
 */
export async function encoderModel(
  config: EncoderConfig,
  read: (name: string, shape: readonly number[]) => NamedArray | Promise<NamedArray>,
): Promise<EncoderModel> {
  const parameters = new Map<string, tf.Variable>();
  const dispose = () => {
    for (const variable of parameters.values()) variable.dispose();
    parameters.clear();
  };
  try {
    for (const [name, { shape }] of parameterLayout(config)) {
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
  const maxLength = architectures[config.architecture].maxLength(config);
  const weights = (name: string): tf.Tensor => {
    const variable = parameters.get(name);
    if (variable) return variable;
    throw new DiffusionError({
      code: "DISPOSED",
      component: `models/${config.architecture}`,
      problem: `expected a live model, got one without "${name}"`,
      remedy: "Load it again; dispose() freed its weights",
    });
  };
  return {
    name: config.architecture,
    config,
    vocabularySize: config.vocabularySize,
    maxLength,
    parameters,
    logits(input, dropout) {
      assertModelInput(input, maxLength, config.vocabularySize);
      return tf.tidy(() =>
        encoderForward(config, weights, inputTensors(input, input.positions), { random: dropout }),
      );
    },
    remember(input) {
      assertModelInput(input, maxLength, config.vocabularySize);
      return remember(config, weights, input);
    },
    recall(memory, input) {
      assertModelInput(input, maxLength, config.vocabularySize);
      return recall(config, weights, memory, input);
    },
    logitsOfAll: (input) =>
      tf.tidy(() => {
        const [batch, seq] = input.ids.shape;
        const rows = encoderForward(config, weights, input); // [batch * seq, vocab]
        return tf.reshape(rows, [batch, seq, config.vocabularySize]);
      }),
    dispose,
  };
}

/**
 * A model from arrays, for where there is no file system.
 *
 * @param tensors - every weight of the model, under its Hugging Face name
 * @throws DiffusionError `MODEL_INVALID`, `NOT_A_NUMBER`
 */
export function encoderModelFromArrays(
  config: EncoderConfig,
  tensors: ReadonlyMap<string, NamedArray>,
): Promise<EncoderModel> {
  return encoderModel(config, (name) => {
    const tensor = tensors.get(name);
    if (tensor) return tensor;
    throw new DiffusionError({
      code: "MODEL_INVALID",
      component: "models/parameters",
      problem: `expected the weight "${name}", got ${listNames(tensors.keys())}`,
      remedy: "Give every weight of the config's layout",
    });
  });
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
