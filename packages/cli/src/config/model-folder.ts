import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { DiffusionError } from "textdiffusion";

/** Names the model of the package `@textdiffusion/tiny-model`. */
export const TINY_MODEL = "tiny";

/**
 * The folder of a model as the command line or a config names it: a folder, or `tiny`, unless a folder has that name.
 *
 * @param flag - where the name was said, for the error
 * @throws DiffusionError `FILE_NOT_FOUND` where there is no such folder, or the tiny model is not installed
 */
export async function modelFolder(name: string, folder: string, flag = "--model"): Promise<string> {
  const path = resolve(folder, name);
  if (existsSync(path)) return path;
  if (name !== TINY_MODEL) {
    throw new DiffusionError({
      code: "FILE_NOT_FOUND",
      component: "cli/model",
      problem: `expected a folder, or the name of a model, in ${flag}, got ${JSON.stringify(name)}: there is no ${path}`,
      remedy: `Correct the path. Known by name: "${TINY_MODEL}". Models of Hugging Face are downloaded into a folder first`,
    });
  }
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

/** The same where the name may be left out, or be `new`. */
export async function modelFolderOrNew<Name extends string | undefined>(
  name: Name,
  folder: string,
  flag?: string,
): Promise<string | Name> {
  return name === undefined || name === "new" ? name : modelFolder(name, folder, flag);
}
