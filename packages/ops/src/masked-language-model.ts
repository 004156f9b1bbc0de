import type { Tensor2D, Variable } from "@tensorflow/tfjs-core";
import type { Random } from "@textdiffusion/core";

/** What a model is run on: host arrays, row after row. */
export interface ModelInput {
  readonly batch: number;
  readonly seq: number;
  /** shape [batch, seq] */
  readonly ids: Int32Array;
  /** 1 where the model may attend; shape [batch, seq] */
  readonly attentionMask: Uint8Array;
  /** Flat indices `row * seq + position` whose logits are wanted, ascending; shape [positions]. Only these pass the head. */
  readonly positions: Int32Array;
}

/** A masked language model written in tfjs operations. Denoisers and learners are made from one. */
export interface MaskedLanguageModel {
  /** The architecture: `roberta`, `bert`. */
  readonly name: string;
  /** Rows of the embedding; may be more than the tokenizer's. */
  readonly vocabularySize: number;
  /** Longest row. */
  readonly maxLength: number;
  /** Every weight under its Hugging Face tensor name. Tied weights appear once. */
  readonly parameters: ReadonlyMap<string, Variable>;
  /**
   * Raw logits; shape [positions, vocab], float32. The caller disposes of the result (or runs this in a tidy).
   * `dropout` turns the config's dropout on and is where its randomness comes from; without it there is none.
   */
  logits(input: ModelInput, dropout?: Random): Tensor2D;
  dispose(): void;
}
