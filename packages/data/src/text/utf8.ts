/**
 * Bytes to text, exactly: nothing is replaced and a byte-order mark is kept.
 *
 * @param invalid - makes the error to throw from the offset of the first byte that begins no character
 */
export function utf8Text(bytes: Uint8Array, invalid: (offset: number) => Error): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw invalid(invalidOffset(bytes));
  }
}

// --- internal ---

/**
 * Where the first character that cannot be decoded begins. A decoder that expects more bytes accepts a cut character,
 * so prefixes are accepted up to some length and refused beyond it: bisect for that length.
 */
function invalidOffset(bytes: Uint8Array): number {
  let [accepted, refused] = [0, bytes.length + 1];
  while (refused - accepted > 1) {
    const middle = (accepted + refused) >>> 1;
    if (wholeCharacters(bytes.subarray(0, middle)) === undefined) refused = middle;
    else accepted = middle;
  }
  return new TextEncoder().encode(wholeCharacters(bytes.subarray(0, accepted))).length;
}

/** The complete characters of a prefix, or undefined when it cannot begin any text. */
function wholeCharacters(prefix: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(prefix, { stream: true });
  } catch {
    return undefined;
  }
}
