/** Ids of the tokens with a role. Only `mask` must exist. */
export interface SpecialTokenIds {
  readonly mask: number;
  readonly pad?: number;
  /** `<s>` or `[CLS]`. */
  readonly begin?: number;
  /** `</s>` or `[SEP]`. */
  readonly end?: number;
  readonly unknown?: number;
}

/**
 * Text to token ids and back.
 *
 * Laws (testkit `tokenizerLaws`): every id of `encode` is below `vocabularySize` and known; decoding an encoded
 * text and encoding it again gives the same ids; special tokens are skipped by `decode` unless asked for.
 */
export interface Tokenizer {
  /** One more than the largest id that the tokenizer can name. A model may have more rows; those are never drawn. */
  readonly vocabularySize: number;
  readonly special: SpecialTokenIds;
  /** Every id that is not text: mask, pad, begin, end, unknown and any other added special token, ascending. */
  readonly specialIds: readonly number[];
  /**
   * @param text - any string; special tokens written in it (`<mask>`) become their ids, as in Python's tokenizers
   * @param options - `frame`: put the model's begin and end tokens around it (default false)
   */
  encode(text: string, options?: { readonly frame?: boolean }): Int32Array;
  /** Ids to text. `keepSpecial` (default false) writes special tokens too. */
  decode(ids: ArrayLike<number>, options?: { readonly keepSpecial?: boolean }): string;
  /** The token's own spelling in the vocabulary, or undefined where the vocabulary has a hole at `id`. */
  token(id: number): string | undefined;
  /** The bytes of UTF-8 that a token stands for, of tokenizers whose tokens may hold parts of a character. */
  bytes?(id: number): Uint8Array | undefined;
}
