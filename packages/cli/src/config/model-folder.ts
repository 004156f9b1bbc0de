import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { DiffusionError } from "textdiffusion";

/** Names the model of the package `@textdiffusion/tiny-model`. */
export const TINY_MODEL = "tiny";

/**
 * The folder of a model as the command line names it: a folder, or `tiny`, unless a folder has that name.
 *
 * @throws DiffusionError `FILE_NOT_FOUND` where the tiny model is not installed
 */
export async function modelFolder(name: string, folder: string): Promise<string> {
  const path = resolve(folder, name);
  if (name !== TINY_MODEL || existsSync(path)) return path;
  try {
    return (await import("@textdiffusion/tiny-model")).tinyModelFolder;
  } catch (cause) {
    throw new DiffusionError({
      code: "FILE_NOT_FOUND",
      component: "cli/model",
      problem: "expected the package of the tiny model, got none",
      remedy: "npm install @textdiffusion/tiny-model, or name the folder of another model",
      cause,
    });
  }
}
