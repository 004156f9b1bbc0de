import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { DiffusionError } from "textdiffusion";
import type { CommandContext } from "../commands/context.js";
import { hubModel, hubModelFolder } from "./hub.js";

/** Names the model of the package `@textdiffusion/tiny-model`. */
export const TINY_MODEL = "tiny";

/**
 * The folder of a model as the command line or a config names it: a folder, or, where none has that name, `tiny` or the name of
 * a model of the Hub, which is downloaded unless it is in the cache.
 *
 * @param flag - where the name was said, for the error
 * @throws DiffusionError `FILE_NOT_FOUND` where there is no such folder, or the tiny model is not installed; `HUB_FAILED`,
 *   `ABORTED`
 */
export async function modelFolder(
  name: string,
  context: Pick<CommandContext, "folder" | "notes" | "paintNotes" | "signal">,
  flag = "--model",
): Promise<string> {
  const path = resolve(context.folder, name);
  if (existsSync(path)) return path;
  const model = hubModel(name);
  if (model)
    return hubModelFolder(model, context).catch((error: unknown) => rethrow(error, name, path, flag));
  if (name !== TINY_MODEL) {
    throw new DiffusionError({
      code: "FILE_NOT_FOUND",
      component: "cli/model",
      problem: `expected a folder, or the name of a model, in ${flag}, got ${JSON.stringify(name)}: there is no ${path}`,
      remedy: `Correct the path. Known by name: "${TINY_MODEL}", and models of the Hugging Face Hub as owner/name`,
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
  context: Parameters<typeof modelFolder>[1],
  flag?: string,
): Promise<string | Name> {
  return name === undefined || name === "new" ? name : modelFolder(name, context, flag);
}

// --- internal ---

/** It may have been meant for a folder. */
function rethrow(error: unknown, name: string, path: string, flag: string): never {
  if (!DiffusionError.is(error, "HUB_FAILED")) throw error;
  throw new DiffusionError({
    code: "HUB_FAILED",
    component: "cli/model",
    problem: `expected a folder or a model of the Hub in ${flag}, got ${JSON.stringify(name)}: there is no ${path}, and the Hub: ${error.problem}`,
    remedy: error.remedy,
    details: error.details,
    cause: error,
  });
}
