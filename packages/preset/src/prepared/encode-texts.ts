import type { Tokenizer } from "@textdiffusion/core";
import { tokenBuffer } from "@textdiffusion/data";

/** Texts as ids, one behind the other. */
export interface EncodedTexts {
  /** Shape [tokens]. */
  readonly ids: Int32Array;
  /** Tokens of each text. */
  readonly lengths: readonly number[];
}

export function encodeTexts(tokenizer: Tokenizer, texts: readonly string[], frame: boolean): EncodedTexts {
  const buffer = tokenBuffer();
  const lengths = texts.map((text) => {
    const ids = tokenizer.encode(text, { frame });
    buffer.push(ids);
    return ids.length;
  });
  return { ids: buffer.ids().slice(), lengths };
}
