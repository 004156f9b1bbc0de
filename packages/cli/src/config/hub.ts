import {
  cachedDataset,
  cachedModel,
  type DatasetChoice,
  type PullProgress,
  pullDataset,
  pullModel,
} from "textdiffusion";
import type { CommandContext } from "../commands/context.js";
import { stageProgress } from "../progress/stage-progress.js";
import { formatBytes } from "../terminal/quantities.js";

/** A model of the Hub: `owner/name`, or `owner/name@revision`. */
export interface HubModel {
  readonly name: string;
  readonly revision?: string;
}

type PullContext = Pick<CommandContext, "notes" | "paintNotes" | "signal">;

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
export function pullWithProgress(
  { name, revision }: HubModel,
  context: PullContext,
): ReturnType<typeof pullModel> {
  return showingBytes(name, context, (onProgress) =>
    pullModel(name, { revision, signal: context.signal, onProgress }),
  );
}

/** The same of a split of a data set. @throws DiffusionError as `pullDataset` */
export function pullDatasetWithProgress(
  choice: DatasetChoice,
  context: PullContext,
): ReturnType<typeof pullDataset> {
  return showingBytes(choice.dataset, context, (onProgress) =>
    pullDataset(choice, { signal: context.signal, onProgress }),
  );
}

/** Sees to it that what `data.source` names of the Hub is in the cache, with a bar, before it is read without one. */
export async function fetchSource(source: unknown, context: PullContext): Promise<void> {
  if (typeof source !== "object" || source === null) return;
  const { name, dataset, subset, split, revision } = source as { readonly name?: unknown } & DatasetChoice;
  if (name !== "hub" || typeof dataset !== "string") return;
  const choice = { dataset, subset, split, revision };
  if ((await cachedDataset(choice)) === undefined) await pullDatasetWithProgress(choice, context);
}

/** The folder of a model of the Hub: as it is in the cache, else downloaded. */
export async function hubModelFolder(model: HubModel, context: PullContext): Promise<string> {
  const { folder } = (await cachedModel(model.name, model)) ?? (await pullWithProgress(model, context));
  return folder;
}

// --- internal ---

async function showingBytes<Result>(
  name: string,
  { notes, paintNotes }: PullContext,
  pull: (onProgress: (progress: PullProgress) => void) => Promise<Result>,
): Promise<Result> {
  const progress = stageProgress(notes, paintNotes);
  try {
    return await pull(({ receivedBytes, totalBytes }) =>
      progress.show(`Downloading ${name}, ${formatBytes(totalBytes)}`, receivedBytes / totalBytes),
    );
  } finally {
    progress.close();
  }
}
