import { cachedModel, pullModel } from "@textdiffusion/hub";
import type { CommandContext } from "../commands/context.js";
import { stageProgress } from "../progress/stage-progress.js";
import { formatBytes } from "../terminal/quantities.js";

/** A model of the Hub: `owner/name`, or `owner/name@revision`. */
export interface HubModel {
  readonly name: string;
  readonly revision?: string;
}

/** Undefined for what is no such name. */
export function hubModel(text: string): HubModel | undefined {
  const parts = /^(\w[\w.-]*\/\w[\w.-]*)(?:@(.+))?$/.exec(text);
  return parts ? { name: parts[1], revision: parts[2] } : undefined;
}

/**
 * Downloads a model into the cache of the Hub, with a bar.
 *
 * @throws DiffusionError as `pullModel`
 */
export async function pullWithProgress(
  { name, revision }: HubModel,
  { notes, paintNotes, signal }: Pick<CommandContext, "notes" | "paintNotes" | "signal">,
): ReturnType<typeof pullModel> {
  const progress = stageProgress(notes, paintNotes);
  try {
    return await pullModel(name, {
      revision,
      signal,
      onProgress: ({ receivedBytes, totalBytes }) =>
        progress.show(`Downloading ${name}, ${formatBytes(totalBytes)}`, receivedBytes / totalBytes),
    });
  } finally {
    progress.close();
  }
}

/** The folder of a model of the Hub: as it is in the cache, else downloaded. */
export async function hubModelFolder(
  model: HubModel,
  context: Pick<CommandContext, "notes" | "paintNotes" | "signal">,
): Promise<string> {
  const { folder } = (await cachedModel(model.name, model)) ?? (await pullWithProgress(model, context));
  return folder;
}
