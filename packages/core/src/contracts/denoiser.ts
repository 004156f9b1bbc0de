import type { TokenRestriction } from "./token-restriction.js";

/** What a denoiser is asked: a batch of canvases and the positions to predict. */
export interface DenoiserInput {
  readonly batch: number;
  readonly seq: number;
  /** Current tokens; shape [batch, seq]. */
  readonly ids: Int32Array;
  /** 1 where the model may attend; shape [batch, seq]. */
  readonly attentionMask: Uint8Array;
  /**
   * 1 where the text is being written, 0 on prompt, frame and padding; shape [batch, seq]. Most denoisers do not look at
   * it; guidance does. Left out where there is no prompt to know of.
   */
  readonly editable?: Uint8Array;
  /** Time of each row; shape [batch]. Ignored unless `timeConditioned`. */
  readonly time: Float64Array;
  /** Flat indices `row * seq + position`, ascending, at least one; one may repeat; shape [positions]. Only these are predicted. */
  readonly positions: Int32Array;
}

/**
 * How one token is chosen at each requested position.
 *
 * Order: forbid `suppressed` and what restrictions forbid, divide by `temperature`, keep the `topK` largest (ties at the border stay), then keep
 * the smallest set whose share of what is left reaches `topP` (the token that crosses stays, as in Hugging Face; of
 * equals the lowest id first), renormalise, draw: the first kept id, counted upwards, whose cumulative probability
 * exceeds the uniform. So one uniform is one token on every implementation, up to rounding
 * (testkit `hostDistributions` is the reference, in doubles).
 */
export interface TokenRule {
  /** 0 takes the most probable token (lowest id among equals). */
  readonly temperature: number;
  readonly topK?: number;
  /** In (0, 1]. */
  readonly topP?: number;
  /**
   * Temperature of the distribution that `logProbs`, `entropy` and `margin` describe. Default 1: confidence is the
   * model's own, whatever the draw. That distribution has the suppressed and restricted ids removed and no top-k or top-p.
   */
  readonly scoreTemperature?: number;
}

/** One entry for each requested position, in the order they were requested. Host arrays, nothing to dispose. */
export interface TokenDraws {
  /** Drawn token ids; shape [positions]. */
  readonly tokens: Int32Array;
  /** Log-probability of the drawn token, in nats; shape [positions]. */
  readonly logProbs: Float32Array;
  /** Entropy of the distribution, in nats; shape [positions]. */
  readonly entropy: Float32Array;
  /** Probability of the first minus that of the second token; shape [positions]. */
  readonly margin: Float32Array;
}

/** What an answer cost. */
export interface ForwardCost {
  /** Network calls. */
  readonly forwards: number;
  /** Rows that passed the network, over all calls. */
  readonly rowForwards: number;
}

/** A share in a combination of distributions. */
export interface WeightedEntries {
  /** The weights of all parts sum to 1. */
  readonly weight: number;
  /** Which distribution stands at each entry of the result; the same length in all parts. */
  readonly entries: Int32Array;
}

/** Categorical distributions over the vocabulary, one for each requested position, kept where they were computed. */
export interface TokenDistributions {
  /** Number of requested positions. */
  readonly count: number;
  /** What they cost, where that is not one network call of the rows that were asked. */
  readonly cost?: ForwardCost;
  /**
   * @param rule - how to choose
   * @param uniforms - one number in the open interval (0, 1) for each position; shape [positions]
   * @param suppressed - ids that must never be drawn, besides those that the denoiser never draws
   * @param restrictions - what each position may take, undefined for what is not suppressed; shape [positions]. Default
   *   no restriction anywhere
   */
  draw(
    rule: TokenRule,
    uniforms: Float64Array,
    suppressed?: readonly number[],
    restrictions?: readonly (TokenRestriction | undefined)[],
  ): Promise<TokenDraws>;
  /**
   * Log-probability in nats of one given token at each position, minus infinity for impossible ones: what a likelihood
   * is made of, without the table.
   *
   * @param tokens - ids below `vocabularySize`; shape [positions]
   * @returns shape [positions]
   */
  logProbsOf(tokens: Int32Array): Promise<Float32Array>;
  /** Normalised log-probabilities in nats; shape [positions, vocab]. Downloads the whole table. */
  logProbs(): Promise<Float32Array>;
  /**
   * New distributions whose logits are weighted sums of these, computed where these are: entry i has
   * `sum over parts of weight * logits[entries[i]]`. What any part calls impossible stays impossible. The caller disposes
   * of the result and of these. Optional: `combineDistributions` does it on the host for those that lack it.
   */
  combine?(parts: readonly WeightedEntries[]): TokenDistributions;
  /** Frees what `denoise` allocated. The caller of `denoise` owns it; a second call does nothing. */
  dispose(): void;
}

/**
 * A model of clean tokens given a noised canvas.
 *
 * Never puts probability on `[MASK]` or on ids that the tokenizer lacks. Laws (testkit `denoiserLaws`): each row of
 * `exp(logProbs())` sums to 1 and has 0 at `[MASK]`; argmax draws and `logProbsOf` agree with it; a row's answer does not depend on
 * the other rows of the batch nor on which other positions are requested; nothing stays allocated after `dispose`.
 */
export interface Denoiser {
  readonly name: string;
  /** Width of `logProbs()`. */
  readonly vocabularySize: number;
  /** Longest canvas. */
  readonly maxLength: number;
  /** False for the usual masked language model, whose optimal answer does not depend on time. */
  readonly timeConditioned: boolean;
  denoise(input: DenoiserInput): Promise<TokenDistributions>;
  dispose(): void;
}
