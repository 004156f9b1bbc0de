import { addedTokenSplitter } from "./added-tokens.js";
import type { TokenizerJson } from "./tokenizer-files.js";

/**
 * A direct way for byte-level BPE without merges, where each byte of the text is one token: the library builds lists of
 * pairs that it can never merge and takes seconds a megabyte. Same ids as the library's, tested against it.
 *
 * @returns text to ids, or undefined for any tokenizer that is not of this kind
 */
export function byteEncoder(json: TokenizerJson): ((text: string) => Int32Array) | undefined {
  const idOfByte = byteIds(json);
  const split = addedTokenSplitter(json.added_tokens);
  if (!idOfByte || !split) return undefined;
  const added = new Map(json.added_tokens.map(({ content, id }) => [content, id]));
  const utf8 = new TextEncoder();

  return (text) => {
    const parts = split(text).map((piece, index) => (index % 2 === 0 ? utf8.encode(piece) : piece));
    const ids = new Int32Array(
      parts.reduce((length, part) => length + (typeof part === "string" ? 1 : part.length), 0),
    );
    let next = 0;
    for (const part of parts) {
      if (typeof part === "string") ids[next++] = added.get(part) as number;
      else for (let index = 0; index < part.length; index++) ids[next++] = idOfByte[part[index]];
    }
    return ids;
  };
}

/**
 * The printable character that byte-level BPE writes for each byte: printable Latin-1 stands for itself, the other 68
 * bytes take the characters from U+0100 on, in order. Radford et al. 2019 (GPT-2).
 */
export function byteAlphabet(): string[] {
  let next = 0x100;
  return Array.from({ length: 256 }, (_, byte) => {
    const printable = (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xff && byte !== 0xad);
    return String.fromCodePoint(printable ? byte : next++);
  });
}

/**
 * The bytes that a token stands for, by the decoder of its tokenizer: the alphabet of byte-level BPE, or `<0xE2>` of
 * tokenizers that fall back to bytes; undefined where tokens are whole characters.
 */
export function tokenBytes(decoder: unknown): (spelling: string) => Uint8Array | undefined {
  const decoders = [decoder, ...((decoder as { decoders?: unknown[] } | null)?.decoders ?? [])];
  const has = (type: string) => decoders.some((each) => (each as { type?: string } | null)?.type === type);
  if (has("ByteLevel")) {
    const byteOf = new Map(byteAlphabet().map((symbol, byte) => [symbol, byte]));
    return (spelling) => {
      const bytes = Array.from(spelling, (symbol) => byteOf.get(symbol));
      return bytes.includes(undefined) ? undefined : Uint8Array.from(bytes as number[]);
    };
  }
  if (!has("ByteFallback")) return () => undefined;
  return (spelling) => {
    const [, byte] = /^<0x([0-9A-F]{2})>$/.exec(spelling) ?? [];
    return byte === undefined ? undefined : Uint8Array.of(Number.parseInt(byte, 16));
  };
}

// --- internal ---

/** The id of each byte's symbol, or undefined when a token can be anything but one byte or one added token. */
function byteIds({ model, normalizer, pre_tokenizer }: TokenizerJson): Int32Array | undefined {
  const { type, vocab, merges, dropout } = model;
  const plain =
    type === "BPE" &&
    !Array.isArray(vocab) &&
    Array.isArray(merges) &&
    merges.length === 0 &&
    !dropout &&
    !model.ignore_merges &&
    !model.continuing_subword_suffix &&
    !model.continuing_subword_prefix &&
    !model.end_of_word_suffix;
  const bytes = normalizer === null && pre_tokenizer?.type === "ByteLevel" && !pre_tokenizer.add_prefix_space;
  if (!plain || !bytes) return undefined;
  const alphabet = byteAlphabet();
  if (!alphabet.every((symbol) => Object.hasOwn(vocab, symbol))) return undefined;
  return Int32Array.from(alphabet, (symbol) => (vocab as Record<string, number>)[symbol]);
}
