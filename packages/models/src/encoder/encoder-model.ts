import * as tf from "@tensorflow/tfjs-core";
import { DiffusionError, listNames, type NamedArray } from "@textdiffusion/core";
import type { EncoderConfig } from "../config/encoder-config.js";
import { parameterLayout } from "../parameters/parameter-layout.js";
import { createVariables } from "../parameters/variables.js";
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
  const layout = parameterLayout(config);
  const { parameters, weight: weights, dispose } = await createVariables(config.architecture, layout, read);
  const maxLength = architectures[config.architecture].maxLength(config);
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
