import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { open, readdir, rename, stat } from "node:fs/promises";
import { dirname, join, relative, sep } from "node:path";
import { pipeline } from "node:stream/promises";
import { writingFile } from "@textdiffusion/core";

/** Every file below `folder`, as sorted paths with forward slashes. */
export async function listFiles(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join("/"))
    .sort();
}

/** The SHA-256 of a file, in hexadecimal. */
export async function sha256OfFile(path: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(path), hash);
  return hash.digest("hex");
}

export async function sizeOfFile(path: string): Promise<number> {
  return (await stat(path)).size;
}

/**
 * Gives a folder its final name in one step, after everything in it is on the disk: at every moment either the whole
 * folder bears that name or none does, whenever the machine stops.
 */
export async function publishFolder(temporary: string, final: string): Promise<void> {
  for (const file of await listFiles(temporary)) await syncToDisk(join(temporary, file));
  await syncToDisk(temporary);
  await rename(temporary, final);
  await syncToDisk(dirname(final));
}

/** @throws DiffusionError `FILE_NOT_WRITABLE` that names `path` */
export function writing<Result>(path: string, write: () => Promise<Result>): Promise<Result> {
  return writingFile("training/files", path, write);
}

// --- internal ---

async function syncToDisk(path: string): Promise<void> {
  const isFolder = (await stat(path)).isDirectory();
  if (isFolder && process.platform === "win32") return; // Windows opens no folders
  const handle = await open(path, isFolder ? "r" : "r+");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
