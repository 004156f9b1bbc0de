import * as tf from "@tensorflow/tfjs-core";
import type { Random } from "@textdiffusion/core";
import {
  attentionBias,
  dropout,
  gatherRows,
  type KeysAndValues,
  layerNorm,
  linear,
  multiHeadAttention,
  splitHeads,
} from "@textdiffusion/ops";
import type { Activation, EncoderConfig } from "../config/encoder-config.js";
import { activations } from "./activations.js";
import { architectures } from "./architectures.js";

/** A weight by its Hugging Face name. */
export type Weights = (name: string) => tf.Tensor;

/** What a forward pass reads. All of it stays alive. */
export interface EncoderInput {
  /** int32, each with a row in the model; shape [batch, seq] */
  readonly ids: tf.Tensor2D;
  /** 1 where the model may attend, 0 on padding; shape [batch, seq] */
  readonly attentionMask: tf.Tensor2D;
  /** int32; shape [batch, seq]. Default: type 0 everywhere, as text has it. */
  readonly tokenTypes?: tf.Tensor2D;
  /** int32 flat indices `row * seq + position`; shape [positions]. Only these pass the head. Default: all. */
  readonly positions?: tf.Tensor1D;
}

/** What differs from a pass over all positions without a memory. */
export interface EncoderPassOptions {
  /** Where dropout takes its numbers from. Default: no dropout. */
  readonly random?: Random;
  /** Called with the keys and values of each layer, the first layer first; they are freed with the pass. */
  readonly remember?: (layer: KeysAndValues) => void;
  /** Compute some positions alone, and take the keys and values of the others from an earlier pass. */
  readonly recall?: Recall;
}

/** Part of a pass: `computed` positions of each row, which attend to stored ones and to each other. */
export interface Recall {
  /** int32 flat indices `row * seq + position`, equally many in each row; shape [batch * computed] */
  readonly computed: tf.Tensor1D;
  /** Which keys are attended to: those stored, at their positions, then those of `computed`; shape [batch, seq + computed]. */
  readonly attentionMask: tf.Tensor2D;
  /** Of each layer, of all positions. */
  readonly layers: readonly KeysAndValues[];
}

/**
 * Logits of a BERT-like masked language model with post-norm layers. It looks at no value, so it can be recorded.
 *
 * Runs inside the caller's tidy: intermediates are not freed here. The input has been checked.
 *
 * @returns shape [positions, vocab]; under `recall`, `input.positions` are indices into `computed`
 */
export function encoderForward(
  config: EncoderConfig,
  weights: Weights,
  input: EncoderInput,
  { random, remember, recall }: EncoderPassOptions = {},
): tf.Tensor2D {
  const { prefix } = architectures[config.architecture];
  const [batch, seq] = input.ids.shape;
  const pass: Pass = { config, weights, random, batch, seq: recall ? recall.computed.size / batch : seq };
  const bias = attentionBias(recall?.attentionMask ?? input.attentionMask);
  let x = embed(pass, `${prefix}embeddings`, input, recall?.computed);
  for (let layer = 0; layer < config.layers; layer++) {
    const past = recall?.layers[layer];
    x = encoderLayer(pass, `${prefix}encoder.layer.${layer}`, x, { bias, past, remember });
  }
  return languageModelHead(pass, input.positions ? gatherRows(x, input.positions) : x);
}

// --- internal ---

/** What every part of one forward pass shares. */
interface Pass {
  readonly config: EncoderConfig;
  readonly weights: Weights;
  readonly random?: Random;
  readonly batch: number;
  /** Positions of a row that are computed. */
  readonly seq: number;
}

/**
 * @param computed - flat indices of the positions to embed; default all
 * @returns shape [batch * seq, hidden]
 */
function embed(
  pass: Pass,
  name: string,
  { ids, tokenTypes }: EncoderInput,
  computed?: tf.Tensor1D,
): tf.Tensor2D {
  const { config, weights } = pass;
  const flat = (indices: tf.Tensor2D): tf.Tensor1D => {
    const all = tf.reshape(indices, [indices.size]) as tf.Tensor1D;
    return computed ? tf.gather(all, computed) : all;
  };
  const table = (part: string) => weights(`${name}.${part}_embeddings.weight`) as tf.Tensor2D;
  const lookUp = (part: string, indices: tf.Tensor2D) => gatherRows(table(part), flat(indices));
  const types = tokenTypes
    ? lookUp("token_type", tokenTypes)
    : tf.slice(table("token_type"), [0, 0], [1, config.hidden]);
  const words = tf.add(lookUp("word", ids), types);
  const positionIds = architectures[config.architecture].positionIds(ids, config);
  const sum = tf.add(words, lookUp("position", positionIds)) as tf.Tensor2D;
  return dropHidden(pass, norm(pass, `${name}.LayerNorm`, sum), name);
}

/** What a layer attends to besides its own positions, and to whom it tells what it computed. */
interface LayerMemory extends Pick<EncoderPassOptions, "remember"> {
  readonly bias: tf.Tensor4D;
  readonly past?: KeysAndValues;
}

/** Attention, then feed-forward; each is added to what it read, and the sum is normalised. */
function encoderLayer(
  pass: Pass,
  name: string,
  x: tf.Tensor2D,
  { bias, past, remember }: LayerMemory,
): tf.Tensor2D {
  const { config, random, batch } = pass;
  const keys = dense(pass, `${name}.attention.self.key`, x);
  const values = dense(pass, `${name}.attention.self.value`, x);
  remember?.({
    keys: splitHeads(keys, batch, config.heads),
    values: splitHeads(values, batch, config.heads),
  });
  const attended = multiHeadAttention({
    batch: pass.batch,
    seq: pass.seq,
    heads: config.heads,
    queries: dense(pass, `${name}.attention.self.query`, x),
    keys,
    values,
    past,
    bias,
    dropout: random && { rate: config.attentionDropout, random: random.split(`${name}.attention.self`) },
  });
  const afterAttention = residual(pass, `${name}.attention.output`, x, attended);
  const inner = activate(config.activation, dense(pass, `${name}.intermediate.dense`, afterAttention));
  return residual(pass, `${name}.output`, afterAttention, inner);
}

/** `norm(x + dropout(dense(branch)))`; shape [batch * seq, hidden] */
function residual(pass: Pass, name: string, x: tf.Tensor2D, branch: tf.Tensor2D): tf.Tensor2D {
  const projected = dropHidden(pass, dense(pass, `${name}.dense`, branch), name);
  return norm(pass, `${name}.LayerNorm`, tf.add(projected, x));
}

/** [positions, hidden] to [positions, vocab] */
function languageModelHead(pass: Pass, x: tf.Tensor2D): tf.Tensor2D {
  const { config, weights } = pass;
  const { head, headActivation, prefix } = architectures[config.architecture];
  const transformed = norm(pass, head.norm, activate(headActivation(config), dense(pass, head.dense, x)));
  if (!config.tiedEmbeddings) return dense(pass, head.decoder, transformed);
  const words = weights(`${prefix}embeddings.word_embeddings.weight`) as tf.Tensor2D;
  return linear(transformed, words, weights(head.bias) as tf.Tensor1D);
}

function dense({ weights }: Pass, name: string, x: tf.Tensor2D): tf.Tensor2D {
  return linear(x, weights(`${name}.weight`) as tf.Tensor2D, weights(`${name}.bias`) as tf.Tensor1D);
}

function norm({ config, weights }: Pass, name: string, x: tf.Tensor2D): tf.Tensor2D {
  return layerNorm(x, weights(`${name}.weight`), weights(`${name}.bias`), config.layerNormEpsilon);
}

function dropHidden({ config, random }: Pass, x: tf.Tensor2D, name: string): tf.Tensor2D {
  return random ? dropout(x, config.hiddenDropout, random.split(name)) : x;
}

function activate(activation: Activation, x: tf.Tensor2D): tf.Tensor2D {
  return activations[activation](x);
}
