import * as tf from "@tensorflow/tfjs-core";
import { attendTo, gatherRows, type KeysAndValues, layerNorm, splitHeads } from "@textdiffusion/ops";
import { activations } from "../encoder/activations.js";
import type { Weights } from "../encoder/encoder-forward.js";
import type { Gpt2Config } from "./gpt2-config.js";
import { tokenTable } from "./gpt2-parameters.js";

/** One row of tokens, and what they attend to. All of it stays alive. */
export interface Gpt2Input {
  /** int32; shape [tokens] */
  readonly ids: tf.Tensor1D;
  /** int32, the place of each in the text; shape [tokens] */
  readonly positionIds: tf.Tensor1D;
  /** 0 where a token may attend to a key, a large negative number where not; shape [1, 1, tokens, keys] */
  readonly bias: tf.Tensor4D;
  /** The keys and values that the tokens of a layer attend to, from theirs alone. Default those. */
  readonly keysAndValues?: (own: KeysAndValues, layer: number) => KeysAndValues;
  /** int32; indices of the tokens that pass the head. Default all. */
  readonly positions?: tf.Tensor1D;
}

/**
 * Logits of a GPT-2: layers that normalise what they read, and a last norm before the tied head. Radford et al. 2019, as
 * transformers' `GPT2LMHeadModel` computes it. It looks at no value, so it can be recorded.
 *
 * Runs inside the caller's tidy: intermediates are not freed here. The input has been checked.
 *
 * @returns shape [positions, vocab], and what each layer attended to
 */
export function gpt2Forward(
  config: Gpt2Config,
  weights: Weights,
  { ids, positionIds, bias, keysAndValues = (own) => own, positions }: Gpt2Input,
): { readonly logits: tf.Tensor2D; readonly layers: readonly KeysAndValues[] } {
  const table = (name: string) => weights(name) as tf.Tensor2D;
  const norm = (name: string, x: tf.Tensor2D) =>
    layerNorm(x, weights(`${name}.weight`), weights(`${name}.bias`), config.layerNormEpsilon);
  const dense = (name: string, x: tf.Tensor2D): tf.Tensor2D =>
    tf.add(tf.matMul(x, table(`${name}.weight`)), weights(`${name}.bias`));
  const words = gatherRows(table(tokenTable), ids);
  let x: tf.Tensor2D = tf.add(words, gatherRows(table("transformer.wpe.weight"), positionIds));
  const layers: KeysAndValues[] = [];
  for (let index = 0; index < config.layers; index++) {
    const layer = `transformer.h.${index}`;
    const [queries, keys, values] = tf.split(dense(`${layer}.attn.c_attn`, norm(`${layer}.ln_1`, x)), 3, 1);
    const own = {
      keys: splitHeads(keys as tf.Tensor2D, 1, config.heads),
      values: splitHeads(values as tf.Tensor2D, 1, config.heads),
    };
    const all = keysAndValues(own, index);
    layers.push(all);
    const attended = attendTo(queries as tf.Tensor2D, all, bias);
    x = tf.add(x, dense(`${layer}.attn.c_proj`, attended));
    const inner = activations[config.activation](dense(`${layer}.mlp.c_fc`, norm(`${layer}.ln_2`, x)));
    x = tf.add(x, dense(`${layer}.mlp.c_proj`, inner));
  }
  const chosen = positions ? gatherRows(x, positions) : x;
  return { logits: tf.matMul(norm("transformer.ln_f", chosen), table(tokenTable), false, true), layers };
}
