/** One row of training text before batching: `length` ids, nothing padded. */
export interface TokenRow {
  /** Token ids; shape [length]. */
  readonly ids: Int32Array;
  /** The first `promptLength` tokens are a prompt: seen by the model, never masked. Default 0. */
  readonly promptLength?: number;
}
