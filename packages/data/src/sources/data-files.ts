import { sourceError } from "./source-errors.js";

/** One file of a source, or what comes through standard input. */
export interface DataFile {
  /** As the user named it, or the path in a folder or a pattern. For messages. */
  readonly name: string;
  readonly path: string;
}

/** What stands for standard input in a list of files. */
export const STANDARD_INPUT = "-";

/**
 * The files that paths, folders and glob patterns name: in the given order, those of a folder or a pattern by name. A
 * folder stands for every file in it and below that is not hidden. Node only.
 *
 * @param named - relative ones count from the working folder; `-` is standard input
 * @throws DiffusionError `FILE_NOT_FOUND` for a path or a pattern without any file
 */
export async function dataFiles(named: string | readonly string[]): Promise<DataFile[]> {
  const files: DataFile[] = [];
  for (const name of typeof named === "string" ? [named] : named) files.push(...(await filesOf(name)));
  return files;
}

/**
 * Tells files from others by their sizes and by both ends of each, so that gigabytes need not be read.
 *
 * @returns SHA-256, hexadecimal
 */
export async function fingerprintOfFiles(files: readonly DataFile[]): Promise<string> {
  const { createHash } = await import("node:crypto");
  const { open } = await import("node:fs/promises");
  const hash = createHash("sha256");
  for (const { path } of files) {
    const file = await open(path);
    try {
      const { size } = await file.stat();
      hash.update(`${size};`);
      for (const position of [0, Math.max(0, size - END_BYTES)]) {
        const { buffer, bytesRead } = await file.read(Buffer.alloc(END_BYTES), 0, END_BYTES, position);
        hash.update(buffer.subarray(0, bytesRead));
      }
    } finally {
      await file.close();
    }
  }
  return hash.digest("hex");
}

// --- internal ---

const END_BYTES = 65_536;

async function filesOf(name: string): Promise<DataFile[]> {
  if (name === STANDARD_INPUT) return [{ name: "standard input", path: await spooledInput() }];
  const { stat } = await import("node:fs/promises");
  const { join, resolve } = await import("node:path");
  const found = await stat(name).catch(() => undefined);
  if (found?.isFile()) return [{ name, path: resolve(name) }];
  const { glob, isDynamicPattern } = await import("tinyglobby");
  if (found === undefined && !isDynamicPattern(name)) {
    throw sourceError(
      "FILE_NOT_FOUND",
      `expected a file, a folder or a pattern at ${name}, got none`,
      "Correct the path",
    );
  }
  const paths = found?.isDirectory()
    ? (await glob("**", { cwd: name })).map((path) => join(name, path))
    : await glob(process.platform === "win32" ? name.replaceAll("\\", "/") : name);
  if (paths.length > 0) return paths.sort().map((path) => ({ name: path, path: resolve(path) }));
  const what = found ? "a folder with files" : "a pattern that names a file";
  throw sourceError("FILE_NOT_FOUND", `expected ${what}, got ${name}`, "Correct the path");
}

let spooled: Promise<string> | undefined;

/** Standard input comes once, but a source is read more than once: it goes into a file that this process removes. */
function spooledInput(): Promise<string> {
  spooled ??= spool();
  return spooled;
}

async function spool(): Promise<string> {
  if (process.stdin.isTTY) {
    throw sourceError(
      "FILE_NOT_FOUND",
      "expected data through standard input, got a terminal",
      "Name files, or pipe into it",
    );
  }
  const { createWriteStream, mkdtempSync, rmSync } = await import("node:fs");
  const { tmpdir } = await import("node:os");
  const { join } = await import("node:path");
  const { pipeline } = await import("node:stream/promises");
  const folder = mkdtempSync(join(tmpdir(), "textdiffusion-input-"));
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, "input");
  await pipeline(process.stdin, createWriteStream(path));
  return path;
}
