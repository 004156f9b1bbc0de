/** The activations of the feed-forward layers, under their Hugging Face names. */
export type Activation = "gelu" | "gelu_new" | "gelu_pytorch_tanh" | "relu";

export type ArchitectureName = "bert" | "roberta";

/** What the numbers of a BERT-like encoder mean: the part of a Hugging Face `config.json` that changes its answer. */
export interface EncoderConfig {
  readonly architecture: ArchitectureName;
  /** Rows of the word embedding. */
  readonly vocabularySize: number;
  /** Width of the residual stream. */
  readonly hidden: number;
  readonly layers: number;
  /** Attention heads; divides `hidden`. */
  readonly heads: number;
  /** Width inside the feed-forward layers. */
  readonly feedForward: number;
  /** Rows of the position embedding. RoBERTa never uses the first `padId + 1`. */
  readonly positions: number;
  /** Rows of the token-type embedding; text is always type 0. */
  readonly tokenTypes: number;
  readonly layerNormEpsilon: number;
  readonly activation: Activation;
  /** Dropout rate of embeddings and of each sub-layer's output. */
  readonly hiddenDropout: number;
  /** Dropout rate of attention probabilities. */
  readonly attentionDropout: number;
  readonly padId: number;
  /** The word embedding is also the matrix of the language-model head. */
  readonly tiedEmbeddings: boolean;
  /** Standard deviation of fresh weights. */
  readonly initializerRange: number;
  /** The `config.json` that this was read from. Keys that mean nothing here are written back as they were. */
  readonly source: Readonly<Record<string, unknown>>;
}
