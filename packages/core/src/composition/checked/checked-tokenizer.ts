import type { Tokenizer } from "../../contracts/tokenizer.js";
import { faceOf } from "./face-of.js";
import { broken, calling, type Origin } from "./origin.js";

/** Ids are below the size of the vocabulary, texts are texts. */
export function checkedTokenizer(tokenizer: Tokenizer, origin: Origin): Tokenizer {
  const { vocabularySize, special, specialIds } = tokenizer;
  if (!(Number.isSafeInteger(vocabularySize) && vocabularySize > 0)) {
    throw broken(origin, "a vocabularySize of at least 1", vocabularySize);
  }
  const isId = (id: unknown) =>
    Number.isInteger(id) && (id as number) >= 0 && (id as number) < vocabularySize;
  const ids = `token ids in [0, ${vocabularySize})`;
  if (!isId(special?.mask)) throw broken(origin, `${ids} in special.mask`, special?.mask);
  if (!Array.isArray(specialIds) || !specialIds.every(isId))
    throw broken(origin, `${ids} in specialIds`, specialIds);
  return faceOf<Tokenizer>(tokenizer, {
    encode: (...asked) => {
      const encoded = calling(origin, "encode", () => tokenizer.encode(...asked));
      if (!((encoded as unknown) instanceof Int32Array))
        throw broken(origin, "an Int32Array from encode", encoded);
      const wrong = encoded.find((id) => id < 0 || id >= vocabularySize);
      if (wrong !== undefined) throw broken(origin, `${ids} from encode`, wrong);
      return encoded;
    },
    decode: (...asked) => {
      const text = calling(origin, "decode", () => tokenizer.decode(...asked));
      if (typeof text === "string") return text;
      throw broken(origin, "a text from decode", text);
    },
    token: (id) => calling(origin, "token", () => tokenizer.token(id)),
  });
}
