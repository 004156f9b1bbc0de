import { DiffusionError } from "@textdiffusion/core";
import { fileSystem, pathIn, readTextIfPresent, unreadable } from "./file-system.js";
import type { FolderFiles, OpenFile } from "./tensor-files.js";

/** What is read of a `Blob` or a `File`: a part of it at a time, so that large weights are never held whole. */
export interface ReadableBlob {
  /** Bytes. */
  readonly size: number;
  slice(begin: number, end: number): { arrayBuffer(): Promise<ArrayBuffer> };
}

/** The content of a file: a text, bytes, or what a page was given. */
export type FileContent = string | Uint8Array | ReadableBlob;

/** A folder of this machine. */
export function filesOfFolder(folder: string): FolderFiles {
  return {
    text: (name) => readTextIfPresent(pathIn(folder, name)),
    open: (name) => openPath(pathIn(folder, name)),
  };
}

/**
 * Files by their names, where there is no file system.
 *
 * @param source - where they come from, for messages
 */
export function filesByName(
  contents: Readonly<Record<string, FileContent | undefined>>,
  source: string,
): FolderFiles {
  const open = async (name: string) => {
    const content = contents[name];
    return content === undefined ? undefined : opened(content, pathIn(source, name));
  };
  return {
    open,
    async text(name) {
      const content = contents[name];
      if (typeof content === "string") return content;
      const file = await open(name);
      return file && new TextDecoder().decode(await file.read(0, file.sizeBytes));
    },
  };
}

// --- internal ---

function opened(content: FileContent, path: string): OpenFile {
  const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
  const close = async () => undefined;
  if (bytes instanceof Uint8Array) {
    return { sizeBytes: bytes.length, read: async (begin, end) => bytes.subarray(begin, end), close };
  }
  return {
    sizeBytes: bytes.size,
    read: (begin, end) =>
      bytes
        .slice(begin, end)
        .arrayBuffer()
        .then(
          (buffer) => new Uint8Array(buffer),
          (cause) => {
            throw unreadable(path, cause); // moved or changed since it was given to the page
          },
        ),
    close,
  };
}

async function openPath(path: string): Promise<OpenFile | undefined> {
  const { open } = await fileSystem();
  const handle = await open(path, "r").catch((cause) => {
    if (cause.code === "ENOENT") return undefined;
    throw unreadable(path, cause);
  });
  if (handle === undefined) return undefined;
  const { size } = await handle.stat();
  return {
    sizeBytes: size,
    async read(begin, end) {
      const bytes = new Uint8Array(end - begin);
      for (let filled = 0; filled < bytes.length; ) {
        const { bytesRead } = await handle
          .read(bytes, filled, bytes.length - filled, begin + filled)
          .catch((cause) => {
            throw unreadable(path, cause);
          });
        if (bytesRead === 0) throw shorter(path, end, begin + filled);
        filled += bytesRead;
      }
      return bytes;
    },
    close: () => handle.close(),
  };
}

function shorter(path: string, expected: number, got: number): DiffusionError {
  return new DiffusionError({
    code: "MODEL_INVALID",
    component: "models/files",
    problem: `expected ${expected} bytes in ${path}, got ${got}`,
    remedy: "The folder is damaged or incomplete; copy or download it again",
  });
}
