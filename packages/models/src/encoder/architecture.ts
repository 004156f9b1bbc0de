import type { Tensor2D } from "@tensorflow/tfjs-core";
import type { Activation, ArchitectureName, EncoderConfig } from "../config/encoder-config.js";

/** Names of the parameters of the language-model head. A tied decoder is the word embedding and has none of its own. */
export interface HeadNames {
  /** Linear layer before the normalisation: `<dense>.weight`, `<dense>.bias`. */
  readonly dense: string;
  /** Layer norm: `<norm>.weight`, `<norm>.bias`. */
  readonly norm: string;
  /** Bias of the vocabulary when the decoder is tied to the word embedding. */
  readonly bias: string;
  /** Projection to the vocabulary when it is not tied: `<decoder>.weight`, `<decoder>.bias`. */
  readonly decoder: string;
}

/** All in which BERT-like masked language models differ: names, position ids and the activation of the head. */
export interface Architecture {
  readonly name: ArchitectureName;
  /** What the names of embeddings and layers begin with, dot included. */
  readonly prefix: string;
  readonly head: HeadNames;
  /** Longest row that the position embedding allows. */
  maxLength(config: EncoderConfig): number;
  /**
   * Row of the position embedding for each token, computed from the ids, so that a recorded model has it in its graph.
   *
   * @param ids - int32; shape [batch, seq]
   * @returns int32; shape [batch, seq]
   */
  positionIds(ids: Tensor2D, config: EncoderConfig): Tensor2D;
  headActivation(config: EncoderConfig): Activation;
}
