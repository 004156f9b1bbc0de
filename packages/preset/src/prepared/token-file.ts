import { closeSync, openSync, readSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { DiffusionError } from "@textdiffusion/core";
import type { TokenSequence } from "@textdiffusion/data";

/** Unsigned integers of little-endian bytes, one behind the other. */
export type BytesPerToken = 2 | 4;

/** The fewest that hold each id of a vocabulary. */
export function bytesPerToken(vocabularySize: number): BytesPerToken {
  return vocabularySize <= 2 ** 16 ? 2 : 4;
}

/** A file of token ids that grows. */
export interface TokenWriter {
  /** Tokens so far. */
  readonly length: number;
  push(ids: Int32Array): Promise<void>;
  /** Until all of it is on the disk. */
  sync(): Promise<void>;
  close(): Promise<void>;
}

/** @param length - tokens that are there already and stay; what lies behind them is cut off */
export async function openTokenWriter(
  path: string,
  bytes: BytesPerToken,
  length: number,
): Promise<TokenWriter> {
  const file: FileHandle = await open(path, length === 0 ? "w" : "r+");
  await file.truncate(length * bytes);
  let written = length;
  return {
    get length() {
      return written;
    },
    push: async (ids) => {
      const packed = bytes === 2 ? Uint16Array.from(ids) : Uint32Array.from(ids);
      await writeAll(file, Buffer.from(packed.buffer), written * bytes);
      written += ids.length;
    },
    sync: () => file.sync(),
    close: () => file.close(),
  };
}

/** Tokens of a file, each part read when it is asked for: what is asked for often stays in the system's memory. */
export interface TokenReader extends TokenSequence {
  close(): void;
}

/**
 * @param vocabularySize - ids are below it
 * @throws DiffusionError `FILE_NOT_FOUND`; from `subarray` `DATA_INVALID` for a file that is shorter than its length, or
 *   holds other ids
 */
export function openTokenReader(
  path: string,
  { bytes, length, vocabularySize }: { bytes: BytesPerToken; length: number; vocabularySize: number },
): TokenReader {
  const file = openToRead(path);
  return {
    length,
    subarray: (begin, end) => {
      const raw = new Uint8Array((end - begin) * bytes);
      const read = readSync(file, raw, 0, raw.length, begin * bytes);
      if (read < raw.length) throw damaged(path, `${raw.length} bytes at ${begin * bytes}, got ${read}`);
      const ids = Int32Array.from(bytes === 2 ? new Uint16Array(raw.buffer) : new Uint32Array(raw.buffer));
      const foreign = ids.find((id) => id < 0 || id >= vocabularySize);
      if (foreign !== undefined) throw damaged(path, `token ids below ${vocabularySize}, got ${foreign}`);
      return ids;
    },
    close: () => closeSync(file),
  };
}

// --- internal ---

async function writeAll(file: FileHandle, bytes: Buffer, position: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    done += (await file.write(bytes, done, bytes.length - done, position + done)).bytesWritten;
  }
}

function openToRead(path: string): number {
  try {
    return openSync(path, "r");
  } catch (cause) {
    throw new DiffusionError({
      code: "FILE_NOT_FOUND",
      component: "textdiffusion/prepare",
      problem: `expected a file of tokens at ${path}, got ${(cause as Error).message}`,
      remedy: "Prepare the data again",
      cause,
    });
  }
}

function damaged(path: string, expectedAndGot: string): DiffusionError {
  return new DiffusionError({
    code: "DATA_INVALID",
    component: "textdiffusion/prepare",
    problem: `expected in ${path} ${expectedAndGot}`,
    remedy: "The file was changed: prepare the data again",
  });
}
