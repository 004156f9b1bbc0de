import type { Tokenizer } from "../contracts/tokenizer.js";
import { DiffusionError } from "../errors/diffusion-error.js";
import type { ShownToken } from "./trace-schema.js";

/** A token as a trace holds it, so that it can be shown without its tokenizer. */
export function shownToken(tokenizer: Tokenizer, id: number): ShownToken {
  const spelling = tokenizer.token(id) ?? "";
  if (tokenizer.specialIds.includes(id)) return { id, text: spelling };
  const alone = tokenizer.decode([id]);
  const twice = tokenizer.decode([id, id]);
  const text = twice.startsWith(alone) ? twice.slice(alone.length) : alone;
  const bytes = /\ufffd/.test(alone) ? tokenizer.bytes?.(id) : undefined;
  return { id, text, ...(text !== alone && { first: alone }), ...(bytes && { bytes: [...bytes] }) };
}

/** True where a token is a word or a piece of one, false where it is a character or a byte. Looks at some of them. */
export function hasWideTokens(tokenizer: Tokenizer): boolean {
  const stride = Math.max(1, Math.floor(tokenizer.vocabularySize / 256));
  const special = new Set(tokenizer.specialIds);
  for (let id = 0; id < tokenizer.vocabularySize; id += stride) {
    if (special.has(id)) continue;
    const text = tokenizer.decode([id]).normalize("NFC");
    if ([...text].filter((character) => !/\p{Mark}/u.test(character)).length > 1) return true;
  }
  return false;
}

/** A tokenizer that knows what a trace has told it. It decodes; it cannot encode. */
export interface TraceTokenizer extends Tokenizer {
  learn(tokens: readonly ShownToken[]): void;
  knows(id: number): boolean;
}

export function traceTokenizer({
  vocabularySize,
  special,
  specialIds,
}: Pick<Tokenizer, "vocabularySize" | "special" | "specialIds">): TraceTokenizer {
  const known = new Map<number, ShownToken>();
  const isSpecial = new Set(specialIds);
  return {
    vocabularySize,
    special,
    specialIds,
    learn: (tokens) => {
      for (const token of tokens) known.set(token.id, token);
    },
    knows: (id) => known.has(id),
    encode: () => {
      throw new DiffusionError({
        code: "UNSUPPORTED",
        component: "core/trace",
        problem:
          "expected a tokenizer that can encode, got the one of a trace, which knows only the tokens in it",
        remedy: "Load the model's tokenizer",
      });
    },
    decode: (ids, { keepSpecial = false } = {}) => {
      let text = "";
      let bytes: number[] = []; // of a character that is not whole yet
      const spell = () => {
        if (bytes.length > 0) text += utf8.decode(Uint8Array.from(bytes));
        bytes = [];
      };
      for (let place = 0; place < ids.length; place++) {
        const token = known.get(ids[place]);
        if (token === undefined || (isSpecial.has(token.id) && !keepSpecial)) continue;
        if (token.bytes) bytes.push(...token.bytes);
        else {
          spell();
          text += text === "" ? (token.first ?? token.text) : token.text;
        }
      }
      spell();
      return text;
    },
    token: (id) => known.get(id)?.text,
    bytes: (id) => {
      const { bytes } = known.get(id) ?? {};
      return bytes && Uint8Array.from(bytes);
    },
  };
}

// --- internal ---

const utf8 = new TextDecoder("utf-8", { ignoreBOM: true });
