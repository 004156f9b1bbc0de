import { utf8Text } from "../text/utf8.js";
import type { DataFile } from "./data-files.js";
import { messageOf, sourceError } from "./source-errors.js";

/**
 * The text of a UTF-8 file, or of one that was compressed with gzip, piece by piece, without its byte-order mark. Node
 * only.
 *
 * @param tell - told how much of the file is read, in [0, 1]
 * @throws DiffusionError `DATA_INVALID` for a file that was cut short or damaged in compressed form, and for bytes that
 *   are not UTF-8, with the offset of the first; `FILE_NOT_FOUND`
 */
export async function* textPieces(
  { name, path }: DataFile,
  tell?: (share: number) => void,
): AsyncGenerator<string, void, void> {
  let offset = 0;
  let rest: Uint8Array = new Uint8Array(0);
  const decode = (bytes: Uint8Array) => {
    const text = utf8Text(bytes, (at) => notUtf8(name, bytes[at], offset + at));
    const isFirst = offset === 0;
    offset += bytes.length;
    return isFirst ? text.replace(/^\uFEFF/, "") : text;
  };
  for await (const chunk of chunksOf(name, path, tell)) {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    const whole = wholeLength(bytes);
    rest = bytes.slice(whole);
    if (whole > 0) yield decode(bytes.subarray(0, whole));
  }
  if (rest.length > 0) yield decode(rest); // throws: the file ends within a character
}

// --- internal ---

const CHUNK_BYTES = 1 << 20;

async function* chunksOf(
  name: string,
  path: string,
  tell: ((share: number) => void) | undefined,
): AsyncGenerator<Uint8Array, void, void> {
  const { createReadStream } = await import("node:fs");
  const { createGunzip } = await import("node:zlib");
  const { isGzip, sizeBytes } = await lookAt(name, path);
  const file = createReadStream(path, { highWaterMark: CHUNK_BYTES });
  // Destroyed on every way out, so no reader that stops early leaves a file open.
  const stream = isGzip ? file.pipe(createGunzip({ chunkSize: CHUNK_BYTES })) : file;
  file.once("error", (error) => stream.destroy(error));
  try {
    for await (const chunk of stream) {
      tell?.(Math.min(1, file.bytesRead / sizeBytes)); // of a pipe or a device nobody knows the size: 1
      yield chunk as Uint8Array;
    }
  } catch (error) {
    if (!isGzip) throw unreadable(name, error);
    throw sourceError(
      "DATA_INVALID",
      `expected whole gzip data in ${name}, got "${messageOf(error)}"`,
      "Copy or download the file again",
      error,
    );
  } finally {
    stream.destroy();
    file.destroy();
  }
}

/** Gzip is known by its first two bytes (RFC 1952, 2.3.1): names of files say little. */
async function lookAt(name: string, path: string): Promise<{ isGzip: boolean; sizeBytes: number }> {
  const { open } = await import("node:fs/promises");
  const file = await open(path).catch((error: unknown) => {
    throw unreadable(name, error);
  });
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(2), 0, 2, 0);
    const isGzip = bytesRead === 2 && buffer[0] === 0x1f && buffer[1] === 0x8b;
    return { isGzip, sizeBytes: (await file.stat()).size };
  } finally {
    await file.close();
  }
}

/** How many of the bytes make whole characters, if they are UTF-8 at all: the last character may be cut. */
function wholeLength(bytes: Uint8Array): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back];
    if (byte < 0x80) return bytes.length;
    if (byte >= 0xc0) {
      const needed = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
      return back < needed ? bytes.length - back : bytes.length;
    }
  }
  return bytes.length;
}

function notUtf8(name: string, byte: number, offset: number): Error {
  const hexadecimal = `0x${byte.toString(16).padStart(2, "0")}`;
  return sourceError(
    "DATA_INVALID",
    `expected UTF-8 in ${name}, got a byte that is not (${hexadecimal}) at offset ${offset}`,
    "Convert the file to UTF-8",
  );
}

function unreadable(name: string, error: unknown): Error {
  return sourceError(
    "FILE_NOT_FOUND",
    `expected a readable file ${name}, got ${messageOf(error)}`,
    "Correct the path",
    error,
  );
}
