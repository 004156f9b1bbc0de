import type { Tokenizer } from "../contracts/tokenizer.js";

/** The text of each row; ids have shape [batch, seq]. */
export function textsOf(tokenizer: Tokenizer, ids: Int32Array, seq: number): readonly string[] {
  return Array.from({ length: ids.length / seq }, (_, row) =>
    tokenizer.decode(ids.subarray(row * seq, (row + 1) * seq)),
  );
}
