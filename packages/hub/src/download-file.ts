import { existsSync } from "node:fs";
import { mkdir, open, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { withLock } from "./file-lock.js";
import { hubError, throwIfAborted } from "./hub-error.js";
import type { HubFetch, Patience } from "./hub-fetch.js";
import { type RepositoryCache, type RepositoryFile, writing } from "./repository-cache.js";

export interface Download {
  readonly url: string;
  readonly file: RepositoryFile;
  readonly fetch: HubFetch;
  readonly patience: Patience;
  readonly signal?: AbortSignal;
  /** Bytes of the file that are on the disk. */
  readonly onBytes: (bytes: number) => void;
}

/**
 * Downloads a file into the blobs of the cache, from where an earlier try stopped, and keeps it only if its hash is right. One
 * process at a time does so; others wait and find it.
 *
 * @throws DiffusionError `HUB_FAILED`, `FILE_NOT_WRITABLE`, `ABORTED`
 */
export async function downloadFile(cache: RepositoryCache, download: Download): Promise<void> {
  const { file, onBytes, signal } = download;
  if (!(await cache.has(file))) {
    await withLock(cache.lock(file), signal, async () => {
      if (await cache.has(file)) return;
      const path = cache.partial(file);
      await writing(path, () => mkdir(dirname(path), { recursive: true }));
      const isResumed = existsSync(path);
      await fetchAll(path, download);
      if (await cache.accept(file)) return;
      if (isResumed) await fetchAll(path, download); // what an earlier try left may be what was wrong
      if (isResumed && (await cache.accept(file))) return;
      throw hubError(
        `expected ${file.path} with the hash ${file.hash}, got other bytes`,
        "Download it again. If that does not help, the Hub or something between holds a damaged file",
      );
    });
  }
  onBytes(file.sizeBytes);
}

// --- internal ---

/** Until all bytes are there. A transfer that breaks off is gone on with, as long as each try brings some. */
async function fetchAll(
  path: string,
  { url, file, fetch, patience, signal, onBytes }: Download,
): Promise<void> {
  let fruitless = 0;
  for (;;) {
    const begin = (await stat(path).catch(() => undefined))?.size ?? 0;
    if (begin === file.sizeBytes && begin > 0) return;
    const isResumed = begin > 0 && begin < file.sizeBytes;
    const response = await fetch(url, {
      headers: { "accept-encoding": "identity", ...(isResumed && { range: `bytes=${begin}-` }) },
    });
    const offset = isResumed && continues(response, begin, file.sizeBytes) ? begin : 0;
    const broken = response.status === 416 ? undefined : await save(response, path, offset);
    throwIfAborted(signal);
    const end = (await stat(path).catch(() => undefined))?.size ?? 0;
    if (end >= file.sizeBytes && broken === undefined) return;
    fruitless = end > begin ? 0 : fruitless + 1;
    if (fruitless > patience.retries) {
      throw hubError(
        `expected ${file.sizeBytes} bytes of ${file.path}, got ${end} and no more`,
        "Try again: it goes on with what is there",
        { cause: broken },
      );
    }
    await wait(patience.firstWaitMs, undefined, { signal }).catch(() => throwIfAborted(signal));
  }

  /** @returns what broke it off */
  async function save(response: Response, to: string, offset: number): Promise<unknown> {
    const output = await writing(to, () => open(to, offset === 0 ? "w" : "r+"));
    const reader = (response.body ?? new Blob([]).stream()).getReader();
    let position = offset;
    try {
      for (;;) {
        const chunk = await orSilence(reader.read(), patience.silenceMs).catch((error: unknown) => ({
          error,
        }));
        if ("error" in chunk) return chunk.error;
        if (chunk.value === undefined) return undefined;
        if (position + chunk.value.length > file.sizeBytes) return new Error("more bytes than the file has");
        for (let done = 0; done < chunk.value.length; ) {
          const left = chunk.value.subarray(done);
          done += (await writing(to, () => output.write(left, 0, left.length, position + done))).bytesWritten;
        }
        position += chunk.value.length;
        onBytes(position);
      }
    } finally {
      await reader.cancel().catch(() => undefined);
      await output.close();
    }
  }
}

/** Whether an answer goes on at `begin`: a server may send all of it instead, or another part. */
function continues(response: Response, begin: number, sizeBytes: number): boolean {
  return (
    response.status === 206 &&
    response.headers.get("content-range") === `bytes ${begin}-${sizeBytes - 1}/${sizeBytes}`
  );
}

async function orSilence<Result>(read: Promise<Result>, silenceMs: number): Promise<Result> {
  let timer: NodeJS.Timeout | undefined;
  const silence = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`silence for ${silenceMs} ms`)), silenceMs);
  });
  try {
    return await Promise.race([read, silence]);
  } finally {
    clearTimeout(timer);
  }
}
