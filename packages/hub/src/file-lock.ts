import { randomUUID } from "node:crypto";
import { mkdir, open, readFile, rm, stat, utimes } from "node:fs/promises";
import { dirname } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { throwIfAborted } from "./hub-error.js";

/**
 * Runs `work` while no other process runs anything under the same lock. A process that was killed holds none for long: whoever
 * works touches the file, and one that nobody touched for some seconds is taken over.
 */
export async function withLock<Result>(
  path: string,
  signal: AbortSignal | undefined,
  work: () => Promise<Result>,
): Promise<Result> {
  await mkdir(dirname(path), { recursive: true });
  const mine = randomUUID();
  while (!(await take(path, mine))) {
    throwIfAborted(signal);
    await wait(100);
  }
  const touching = setInterval(
    () => void utimes(path, new Date(), new Date()).catch(() => undefined),
    STALE_MS / 5,
  );
  try {
    return await work();
  } finally {
    clearInterval(touching);
    if ((await readFile(path, "utf8").catch(() => "")) === mine) await rm(path, { force: true });
  }
}

// --- internal ---

const STALE_MS = 10_000;

async function take(path: string, mine: string): Promise<boolean> {
  try {
    const file = await open(path, "wx");
    await file.writeFile(mine);
    await file.close();
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
  const touched = (await stat(path).catch(() => undefined))?.mtimeMs;
  if (touched !== undefined && Date.now() - touched > STALE_MS) await rm(path, { force: true });
  return false;
}
