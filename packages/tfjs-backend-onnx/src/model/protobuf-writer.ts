/**
 * The few parts of protobuf's wire format that an ONNX file is made of. Fields are written in the order of the calls.
 * Large arrays are kept as they are until the end, so that weights are not copied from message to message.
 * https://protobuf.dev/programming-guides/encoding/
 */
export class ProtobufWriter {
  /** What was written before `#bytes`. */
  readonly #parts: Uint8Array[] = [];
  #bytes = new Uint8Array(1024);
  #length = 0;

  /** A signed 64-bit integer, as `int64`, `int32` and enumerations are written. */
  integer(field: number, value: number): void {
    this.#tag(field, 0);
    this.#varint(value);
  }

  /** A 32-bit float. */
  float(field: number, value: number): void {
    this.#tag(field, 5);
    this.#reserve(4);
    new DataView(this.#bytes.buffer).setFloat32(this.#length, value, true);
    this.#length += 4;
  }

  text(field: number, value: string): void {
    this.bytes(field, encoder.encode(value));
  }

  /** @param value - must keep its numbers until what was written is used */
  bytes(field: number, value: Uint8Array): void {
    this.#tag(field, 2);
    this.#varint(value.length);
    this.#append(value);
  }

  /** A nested message, written by `write`. */
  message(field: number, write: (nested: ProtobufWriter) => void): void {
    const nested = new ProtobufWriter();
    write(nested);
    const parts = nested.parts();
    this.#tag(field, 2);
    this.#varint(sizeOfParts(parts));
    for (const part of parts) this.#append(part);
  }

  /** What was written so far, one part after the other; views that the next write may invalidate. */
  parts(): readonly Uint8Array[] {
    return [...this.#parts, this.#bytes.subarray(0, this.#length)];
  }

  #append(value: Uint8Array): void {
    if (value.length < smallestPart) {
      this.#reserve(value.length);
      this.#bytes.set(value, this.#length);
      this.#length += value.length;
      return;
    }
    this.#parts.push(this.#bytes.subarray(0, this.#length), value);
    this.#bytes = new Uint8Array(1024);
    this.#length = 0;
  }

  #tag(field: number, wireType: number): void {
    this.#varint(field * 8 + wireType);
  }

  /** Seven bits a byte, lowest first. Negative numbers are written as 64-bit two's complement, ten bytes long. */
  #varint(value: number): void {
    this.#reserve(10);
    if (value < 0) {
      let rest = BigInt.asUintN(64, BigInt(value));
      for (; rest > 127n; rest >>= 7n) this.#bytes[this.#length++] = Number(rest & 127n) | 128;
      this.#bytes[this.#length++] = Number(rest);
      return;
    }
    let rest = value;
    for (; rest > 127; rest = Math.floor(rest / 128)) this.#bytes[this.#length++] = (rest % 128) | 128;
    this.#bytes[this.#length++] = rest;
  }

  #reserve(count: number): void {
    if (this.#length + count <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(this.#bytes.length * 2, this.#length + count));
    grown.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = grown;
  }
}

export function sizeOfParts(parts: readonly Uint8Array[]): number {
  return parts.reduce((sum, { length }) => sum + length, 0);
}

/** One array of all parts. */
export function joinParts(parts: readonly Uint8Array[]): Uint8Array {
  if (parts.length === 1) return parts[0];
  const joined = new Uint8Array(sizeOfParts(parts));
  let offset = 0;
  for (const part of parts) {
    joined.set(part, offset);
    offset += part.length;
  }
  return joined;
}

// --- internal ---

/** Smaller arrays are copied: a list of many parts would cost more. */
const smallestPart = 2 ** 16;

const encoder = new TextEncoder();
