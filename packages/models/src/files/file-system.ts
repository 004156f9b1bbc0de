import { DiffusionError, type ErrorCode } from "@textdiffusion/core";

/**
 * Node's file functions, imported when they are used: a bundle for the browser holds this file but never runs it.
 */
export const fileSystem = () => import("node:fs/promises");

/** `folder/name`. Every system that Node runs on reads forward slashes. */
export function pathIn(folder: string, name: string): string {
  return `${folder.replace(/[/\\]+$/, "")}/${name}`;
}

/**
 * A text file, or undefined where there is none.
 *
 * @throws DiffusionError `FILE_NOT_FOUND` for a file that is there and cannot be read
 */
export async function readTextIfPresent(path: string): Promise<string | undefined> {
  const { readFile } = await fileSystem();
  try {
    return await readFile(path, "utf8");
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw unreadable(path, cause);
  }
}

/** @throws DiffusionError `MODEL_INVALID` for text that is not JSON */
export function parseJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new DiffusionError({
      code: "MODEL_INVALID",
      component: "models/files",
      problem: `expected JSON in ${path}, got text that is not: ${(cause as Error).message}`,
      remedy: "Correct the file, or copy it again",
      cause,
    });
  }
}

/**
 * Writes a file under a temporary name and then renames it, so that a reader never sees half of it. When anything
 * fails the temporary file is removed and `path` is as it was.
 *
 * @param write - called with what appends bytes to the file; the file takes its place when this returns
 * @throws DiffusionError `FILE_NOT_WRITABLE`, or what `write` throws
 */
export async function replaceFile(
  path: string,
  write: (append: (bytes: Uint8Array) => Promise<void>) => Promise<void>,
): Promise<void> {
  const { open, rename, rm } = await fileSystem();
  const temporary = `${path}.${process.pid}.tmp`;
  const onDisk = <T>(work: Promise<T>): Promise<T> =>
    work.catch((cause) => {
      throw unwritable(path, cause);
    });
  const file = await onDisk(open(temporary, "w"));
  try {
    try {
      await write((bytes) => onDisk(file.writeFile(bytes)));
      await onDisk(file.sync());
    } finally {
      await file.close();
    }
    await onDisk(rename(temporary, path));
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

/** Replaces a file by a text, whole or not at all. @throws DiffusionError `FILE_NOT_WRITABLE` */
export function replaceTextFile(path: string, text: string): Promise<void> {
  return replaceFile(path, (append) => append(new TextEncoder().encode(text)));
}

/** @throws DiffusionError `FILE_NOT_WRITABLE` */
export async function makeFolder(folder: string): Promise<void> {
  const { mkdir } = await fileSystem();
  await mkdir(folder, { recursive: true }).catch((cause) => {
    throw unwritable(folder, cause);
  });
}

export function notFound(path: string, remedy: string): DiffusionError {
  return fileError("FILE_NOT_FOUND", `expected the file ${path}, got none`, remedy);
}

export function unreadable(path: string, cause: unknown): DiffusionError {
  return fileError(
    "FILE_NOT_FOUND",
    `expected a file that can be read at ${path}, got ${(cause as Error).message}`,
    "Check that it is a file and that you may read it",
    cause,
  );
}

// --- internal ---

function unwritable(path: string, cause: unknown): DiffusionError {
  return fileError(
    "FILE_NOT_WRITABLE",
    `expected to write ${path}, got ${(cause as Error).message}`,
    "Check the folder's permissions and the free space",
    cause,
  );
}

function fileError(code: ErrorCode, problem: string, remedy: string, cause?: unknown): DiffusionError {
  return new DiffusionError({ code, component: "models/files", problem, remedy, cause });
}
