import * as tf from "@tensorflow/tfjs-core";
import { DiffusionError, type ErrorCode, type NamedArray } from "@textdiffusion/core";
import type { KeysAndValues } from "@textdiffusion/ops";
import { createVariables } from "../parameters/variables.js";
import type { Gpt2Config } from "./gpt2-config.js";
import { gpt2Forward } from "./gpt2-forward.js";
import { gpt2Layout } from "./gpt2-parameters.js";

/** The keys and values of a text's tokens: what one more token attends to. */
export interface CausalMemory {
  /** Tokens that are remembered. */
  readonly length: number;
  /** Tokens that the tables have room for; what stands after `length` is attended to by nobody. */
  readonly capacity: number;
  /** Of each layer; each of shape [1, heads, capacity, size of a head]. */
  readonly layers: readonly KeysAndValues[];
}

/** What comes after a text. */
export interface NextToken {
  /** shape [1, vocab], float32. The caller disposes of it. */
  readonly logits: tf.Tensor2D;
  /** The caller disposes of it with `forget`, unless `extend` took it. */
  readonly memory: CausalMemory;
}

/** An autoregressive language model: each token from those before it. */
export interface CausalLanguageModel {
  readonly name: string;
  readonly config: Gpt2Config;
  readonly vocabularySize: number;
  /** Longest text. */
  readonly maxLength: number;
  /** Every weight under its Hugging Face tensor name. */
  readonly parameters: ReadonlyMap<string, tf.Variable>;
  /**
   * The logits of what follows each of some tokens, from a pass over the whole text.
   *
   * @param positions - indices of tokens. Default all
   * @returns shape [positions, vocab], float32. The caller disposes of it.
   * @throws DiffusionError `SHAPE_MISMATCH`, `TOKEN_OUT_OF_RANGE`
   */
  logits(ids: Int32Array, positions?: Int32Array): tf.Tensor2D;
  /** A pass over a text of at least one token, padded to few sizes. @throws DiffusionError as `logits` */
  begin(ids: Int32Array): NextToken;
  /**
   * A pass over one token more, which attends to those that are remembered.
   *
   * @param memory - freed, or part of what is returned; not to be used again
   * @param reserve - tokens that the text will have in the end. The tables get room for them at once: a backend that
   *   compiles each shape does so once. Default: they grow by steps of 64 tokens
   * @throws DiffusionError as `logits`; the memory is then as it was
   */
  extend(memory: CausalMemory, id: number, reserve?: number): Promise<NextToken>;
  dispose(): void;
}

/** Frees what `begin` and `extend` remembered. */
export function forget(memory: CausalMemory): void {
  for (const { keys, values } of memory.layers) tf.dispose([keys, values]);
}

/**
 * A GPT-2 on the current tfjs backend.
 *
 * @param read - the numbers of a weight, by Hugging Face name
 * @throws DiffusionError `MODEL_INVALID` for numbers of another shape, `NOT_A_NUMBER` for NaN or infinity
 */
export async function gpt2Model(
  config: Gpt2Config,
  read: (name: string, shape: readonly number[]) => NamedArray | Promise<NamedArray>,
): Promise<CausalLanguageModel> {
  const { parameters, weight, dispose } = await createVariables("gpt2", gpt2Layout(config), read);
  const { positions: maxLength, vocabularySize } = config;

  /** Of the whole text, padded on the right: a causal model does not see what comes later. */
  const wholePass = (ids: Int32Array, positions: Int32Array) => {
    const length = roundUp(ids.length, promptStep, maxLength);
    const padded = new Int32Array(length);
    padded.set(ids);
    return gpt2Forward(config, weight, {
      ids: tf.tensor1d(padded, "int32"),
      positionIds: tf.tensor1d(Int32Array.from(padded.keys()), "int32"),
      bias: tf.tensor4d(causalBias(length), [1, 1, length, length]),
      positions: tf.tensor1d(positions, "int32"),
    });
  };
  const assertIds = (ids: Int32Array, earlier = 0) => {
    if (ids.length + earlier < 1 || ids.length + earlier > maxLength) {
      const found = ids.length + earlier;
      throw invalid(
        "SHAPE_MISMATCH",
        `expected a text of 1 to ${maxLength} tokens, got ${found}`,
        "Use a shorter text",
      );
    }
    const stray = ids.find((id) => !Number.isInteger(id) || id < 0 || id >= vocabularySize);
    if (stray === undefined) return;
    throw invalid(
      "TOKEN_OUT_OF_RANGE",
      `expected ids from 0 to ${vocabularySize - 1}, got ${stray}`,
      "Does the tokenizer belong to this model?",
    );
  };

  return {
    name: "gpt2",
    config,
    vocabularySize,
    maxLength,
    parameters,
    logits(ids, positions = Int32Array.from(ids.keys())) {
      assertIds(ids);
      const outside = positions.find((position) => !(position >= 0 && position < ids.length));
      if (outside !== undefined || positions.length === 0) {
        throw invalid(
          "SHAPE_MISMATCH",
          `expected positions from 0 to ${ids.length - 1}, got ${outside ?? "none"}`,
          "Ask for tokens of the text",
        );
      }
      return tf.tidy(() => wholePass(ids, positions).logits);
    },
    begin(ids) {
      assertIds(ids);
      const { logits, layers } = kept(() => wholePass(ids, Int32Array.of(ids.length - 1)));
      return { logits, memory: { length: ids.length, capacity: layers[0].keys.shape[2], layers } };
    },
    async extend(memory, id, reserve = 0) {
      assertIds(Int32Array.of(id), memory.length);
      const { length } = memory;
      const wanted = roundUp(Math.max(length + 1, reserve), cacheStep, maxLength);
      const roomy = memory.capacity < wanted ? await grown(memory, wanted) : memory;
      const { capacity } = roomy;
      const { logits, layers } = kept(() => {
        const isNew = new Float32Array(capacity);
        isNew[length] = 1;
        const slot = tf.tensor4d(isNew, [1, 1, capacity, 1]);
        const others = tf.sub(1, slot);
        const write = (past: tf.Tensor4D, own: tf.Tensor4D): tf.Tensor4D =>
          tf.add(tf.mul(past, others), tf.mul(own, slot));
        return gpt2Forward(config, weight, {
          ids: tf.tensor1d([id], "int32"),
          positionIds: tf.tensor1d([length], "int32"),
          bias: tf.tensor4d(Float32Array.from(isNew.keys(), biasUpTo(length)), [1, 1, 1, capacity]),
          keysAndValues: (own, layer) => ({
            keys: write(roomy.layers[layer].keys, own.keys),
            values: write(roomy.layers[layer].values, own.values),
          }),
        });
      });
      forget(roomy);
      return { logits, memory: { length: length + 1, capacity, layers } };
    },
    dispose,
  };
}

// --- internal ---

/** Prompts are padded to multiples of this. */
const promptStep = 32;
const cacheStep = 64;
/** `exp` of it is 0 in float32. */
const blocked = -1e9;

const biasUpTo =
  (last: number) =>
  (key: number): number =>
    key <= last ? 0 : blocked;

function causalBias(length: number): Float32Array {
  const bias = new Float32Array(length * length);
  for (let query = 0; query < length; query++)
    bias.fill(blocked, query * length + query + 1, (query + 1) * length);
  return bias;
}

function roundUp(count: number, step: number, most: number): number {
  return Math.min(Math.ceil(count / step) * step, most);
}

/** A pass in a tidy that keeps what it gives. */
function kept(pass: () => ReturnType<typeof gpt2Forward>): ReturnType<typeof gpt2Forward> {
  return tf.tidy(() => pass() as ReturnType<typeof pass> & tf.TensorContainerObject);
}

/**
 * The memory with more room. It is computed before what follows is recorded: on a backend that compiles what it records,
 * that stays the same graph, with or without growth before it.
 */
async function grown(memory: CausalMemory, capacity: number): Promise<CausalMemory> {
  const more = (table: tf.Tensor4D) => {
    const rest = [0, capacity - table.shape[2]] as [number, number];
    return tf.pad(table, [[0, 0], [0, 0], rest, [0, 0]]) as tf.Tensor4D;
  };
  const layers = memory.layers.map(({ keys, values }) => ({ keys: more(keys), values: more(values) }));
  await layers[0].keys.data();
  forget(memory);
  return { ...memory, capacity, layers };
}

function invalid(code: ErrorCode, problem: string, remedy: string): DiffusionError {
  return new DiffusionError({ code, component: "models/gpt2", problem, remedy });
}
