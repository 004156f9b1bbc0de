import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, resolve } from "node:path";
import { DiffusionError } from "@textdiffusion/core";
import { assertPluginKind, type PluginKind } from "./plugin-kinds.js";
import { assertPluginName, type PluginName } from "./plugin-name.js";
import { templateFiles } from "./template-files.js";

export interface PluginRequest {
  /** One of `pluginKinds`. */
  readonly kind: string;
  /** As in `soft-steps` or `@me/textdiffusion-plugin-soft-steps`. */
  readonly name: string;
  /** Where the package goes; it must not exist, or be empty. Default: a folder of the package's name in the current one. */
  readonly folder?: string;
}

export interface CreatedPlugin extends PluginName {
  readonly kind: PluginKind;
  /** Absolute. */
  readonly folder: string;
  /** Paths inside the folder. */
  readonly files: readonly string[];
}

/**
 * Writes a whole plugin package: source, tests, README, licence, and the files of the tools. It is written beside its
 * place and moved there when it is whole, so a failure leaves nothing.
 *
 * @throws DiffusionError `CONFIG_INVALID` and `DUPLICATE_COMPONENT` for the kind and the name, `FILE_NOT_WRITABLE` for a
 *   folder that holds something or cannot be written
 */
export function createPlugin(request: PluginRequest): CreatedPlugin {
  const kind = assertPluginKind(request.kind);
  const name = assertPluginName(request.name, kind);
  const folder = resolve(request.folder ?? (name.packageName.split("/").at(-1) as string));
  assertFree(folder);
  const files = templateFiles(kind, name);
  try {
    writeWhole(folder, files);
  } catch (error) {
    throw notWritable(`expected to write the plugin to ${folder}, got ${(error as Error).message}`, error);
  }
  return { ...name, kind, folder, files: [...files.keys()].sort() };
}

/**
 * Nothing is lost, and nothing of others is mixed in.
 *
 * @throws DiffusionError `FILE_NOT_WRITABLE`
 */
export function assertFree(folder: string): void {
  if (!existsSync(folder)) return;
  const isFolder = statSync(folder).isDirectory();
  if (isFolder && readdirSync(folder).length === 0) return;
  throw notWritable(
    `expected a new or empty folder, got ${isFolder ? "one with files" : "a file"} at ${folder}`,
  );
}

// --- internal ---

function writeWhole(folder: string, files: ReadonlyMap<string, string>): void {
  mkdirSync(dirname(folder), { recursive: true });
  const unfinished = mkdtempSync(`${folder}.unfinished-`);
  try {
    for (const [path, text] of files) {
      mkdirSync(dirname(join(unfinished, path)), { recursive: true });
      writeFileSync(join(unfinished, path), text);
    }
    if (existsSync(folder)) rmdirSync(folder); // empty, or this throws
    renameSync(unfinished, folder);
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
}

function notWritable(problem: string, cause?: unknown): DiffusionError {
  return new DiffusionError({
    code: "FILE_NOT_WRITABLE",
    component: "create-plugin/folder",
    problem,
    remedy: "Choose another --folder",
    cause,
  });
}
