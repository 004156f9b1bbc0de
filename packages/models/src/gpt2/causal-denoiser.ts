import * as tf from "@tensorflow/tfjs-core";
import { type Denoiser, type DenoiserInput, DiffusionError, type ErrorCode } from "@textdiffusion/core";
import { tokenDistributions } from "@textdiffusion/ops";
import { type CausalLanguageModel, type CausalMemory, forget, type NextToken } from "./gpt2-model.js";

export interface CausalDenoiserOptions {
  /** The id that stands where nothing is written yet. It may be one that the model has no row for. */
  readonly maskTokenId: number;
  /** Further ids that are never drawn. Default none. */
  readonly forbidden?: readonly number[];
}

/**
 * An autoregressive model as a denoiser that knows the leftmost masked token of a row, and no other: with the sampler
 * `left-to-right` at one token a step the reverse loop is autoregression, one forward a token, with the loop's seeds,
 * constraints, events and traces.
 *
 * Keys and values of the last call's rows stay allocated until rows come that do not go on from them, or until `dispose()`: 2 *
 * layers * hidden float32 for each position. A row that goes on from one of the last call passes one token through the
 * network, another one all that it has. Rows pass one after the other.
 *
 * A row that is written from its first position on begins after the model's begin token, which is not part of the row.
 *
 * @param model - owned from here on: `dispose()` of the denoiser frees it
 */
export function causalDenoiser(
  model: CausalLanguageModel,
  { maskTokenId, forbidden = [] }: CausalDenoiserOptions,
): Denoiser {
  const vocabularySize = Math.max(model.vocabularySize, maskTokenId + 1);
  // Rows of the logits that the model lacks are added below, and are never drawn either.
  const lacking = Array.from(
    { length: vocabularySize - model.vocabularySize },
    (_, index) => model.vocabularySize + index,
  );
  const never = [...new Set([maskTokenId, ...forbidden, ...lacking])];
  let known: Remembered[] = [];

  const next = async ({ tokens, seq }: Row): Promise<NextToken> => {
    const place = known.findIndex(({ tokens: before }) => goesOn(before, tokens));
    if (place < 0) return model.begin(tokens);
    const [{ memory }] = known.splice(place, 1);
    try {
      return await model.extend(memory, tokens[tokens.length - 1], seq);
    } catch (error) {
      forget(memory);
      throw error;
    }
  };
  const forgetAll = (some: readonly Remembered[]) => {
    for (const { memory } of some) forget(memory);
  };

  return {
    name: model.name,
    vocabularySize,
    maxLength: model.maxLength,
    timeConditioned: false,
    async denoise(input) {
      const rows = rowsOf(input, maskTokenId, model.config.beginId);
      const logits: tf.Tensor2D[] = [];
      const remembered: Remembered[] = [];
      try {
        for (const row of rows) {
          const answer = await next(row);
          remembered.push({ tokens: row.tokens, memory: answer.memory });
          logits.push(answer.logits);
        }
      } catch (error) {
        tf.dispose(logits);
        forgetAll([...remembered, ...known]);
        known = [];
        throw error;
      }
      forgetAll(known);
      known = remembered;
      const table = tf.tidy(() => {
        const all = logits.length === 1 ? logits[0] : tf.concat(logits, 0);
        const rowsAsked = Int32Array.from(input.positions, (flat) => rows.findIndex(({ at }) => at === flat));
        const eachOnce = rowsAsked.every((row, index) => row === index);
        const asked = eachOnce ? all : tf.gather(all, tf.tensor1d(rowsAsked, "int32"));
        return tf.pad(asked, [
          [0, 0],
          [0, vocabularySize - model.vocabularySize],
        ]) as tf.Tensor2D;
      });
      tf.dispose(logits);
      const distributions = tokenDistributions(table, { forbidden: never });
      return Object.assign(distributions, { cost: { forwards: rows.length, rowForwards: rows.length } });
    },
    dispose: () => {
      forgetAll(known);
      known = [];
      model.dispose();
    },
  };
}

// --- internal ---

interface Remembered {
  readonly tokens: Int32Array;
  readonly memory: CausalMemory;
}

interface Row {
  /** What the model reads: all before the asked position, a begin token perhaps first. */
  readonly tokens: Int32Array;
  /** Tokens that the row has in the end. */
  readonly seq: number;
  /** Flat index of the asked position. */
  readonly at: number;
}

/** Whether `tokens` is `before` and one token more. */
function goesOn(before: Int32Array, tokens: Int32Array): boolean {
  return before.length === tokens.length - 1 && before.every((id, index) => id === tokens[index]);
}

/** One entry for each row that is asked, in order. @throws DiffusionError `UNSUPPORTED`, `MODEL_INVALID` */
function rowsOf(
  { seq, ids, positions, attentionMask, editable }: DenoiserInput,
  mask: number,
  beginId: number | undefined,
): Row[] {
  return [...new Set(positions)].map((at) => {
    const start = Math.floor(at / seq) * seq;
    const before = ids.subarray(start, at);
    const seen = attentionMask.subarray(start, at).every((flag) => flag === 1);
    const asked = ids[at] === mask;
    if (before.includes(mask) || !seen || !asked) {
      throw failed(
        "UNSUPPORTED",
        `expected to be asked for the first masked position of a row, with nothing but text before it, got position ${at - start}`,
        'Use the sampler "left-to-right" with one token a step, and prompts that are continued',
      );
    }
    const isFree = before.length === 0 || editable?.[start] === 1;
    if (!isFree) return { tokens: before.slice(), seq, at };
    if (beginId === undefined) {
      throw failed(
        "MODEL_INVALID",
        "expected a prompt, as config.json names no bos_token_id of the vocabulary, got none",
        "Give a prompt",
      );
    }
    return { tokens: Int32Array.of(beginId, ...before), seq, at };
  });
}

function failed(code: ErrorCode, problem: string, remedy: string): DiffusionError {
  return new DiffusionError({ code, component: "models/causal-denoiser", problem, remedy });
}
