import { existsSync } from "node:fs";
import { readdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { hubError } from "./hub-error.js";
import { hubSettings } from "./hub-settings.js";
import { cacheOf, type PullOptions, pullRepository } from "./pull-repository.js";
import { type RepositoryFile, writing } from "./repository-cache.js";

/** A part of a data set. */
export interface DatasetChoice {
  /** `owner/name`. */
  readonly dataset: string;
  /** May be left out where there is one alone. */
  readonly subset?: string;
  /** Default "train". */
  readonly split?: string;
  /** Branch, tag or commit that has Parquet files as `SUBSET/SPLIT/*.parquet`. Default the branch with those that the Hub makes itself. */
  readonly revision?: string;
}

export interface PulledDataset {
  readonly subset: string;
  readonly split: string;
  readonly commit: string;
  /** Of Parquet, in their order. */
  readonly files: readonly string[];
  /** The folder that holds them, and nothing else. */
  readonly folder: string;
  /** Tells the data from others: the hashes of its files. */
  readonly hashes: readonly string[];
  /** False where all of it was in the cache. */
  readonly isNew: boolean;
}

/**
 * Downloads a split of a data set of the Hub into the cache, as the Parquet files that the Hub makes of every public data set.
 *
 * @throws DiffusionError `HUB_FAILED` for a data set, a subset or a split that is not there, and as `pullModel`
 */
export async function pullDataset(choice: DatasetChoice, options: PullOptions = {}): Promise<PulledDataset> {
  const { settings = hubSettings(), cacheFolder } = options;
  const { dataset, split = "train", revision = PARQUET_BRANCH } = choice;
  if (settings.offline) {
    const cached = await cachedDataset(choice, { cacheFolder });
    if (cached) return { ...cached, isNew: false };
    throw hubError(
      `expected the split "${split}" of the data set ${dataset} in the cache, got none there`,
      "Unset HF_HUB_OFFLINE to download it",
    );
  }
  let subset = choice.subset ?? "";
  const pulled = await pullRepository(
    { type: "dataset", name: dataset },
    (files) => {
      subset = choice.subset ?? onlySubset(files, dataset);
      return filesOf(files, dataset, subset, split);
    },
    { ...options, revision },
  );
  const folder = join(pulled.folder, subset, split);
  await writeList(folder, pulled.files);
  return {
    ...splitOf(folder, pulled.files),
    ...{ subset, split },
    commit: pulled.commit,
    isNew: pulled.isNew,
  };
}

/** A split that is in the cache, whole; nothing is asked of the Hub. Undefined where it is not. */
export async function cachedDataset(
  { dataset, subset, split = "train", revision = PARQUET_BRANCH }: DatasetChoice,
  { cacheFolder }: Pick<PullOptions, "cacheFolder"> = {},
): Promise<Omit<PulledDataset, "isNew"> | undefined> {
  const cache = await cacheOf({ type: "dataset", name: dataset }, cacheFolder);
  const commit = await cache.commitOf(revision);
  if (commit === undefined) return undefined;
  const subsets = subset === undefined ? await foldersIn(cache.snapshot(commit)) : [subset];
  if (subsets.length !== 1) return undefined; // which one is meant the Hub says
  const folder = join(cache.snapshot(commit), subsets[0], split);
  const files = await readList(folder);
  if (!files?.every(({ path }) => existsSync(join(cache.snapshot(commit), path)))) return undefined;
  return { ...splitOf(folder, files), subset: subsets[0], split, commit };
}

// --- internal ---

/** Where the Hub keeps what it makes. */
const PARQUET_BRANCH = "refs/convert/parquet";

/** Says that a split is whole, and what it is made of. Written last. */
const LIST = ".textdiffusion.json";

const listSchema = z
  .array(z.strictObject({ path: z.string(), sizeBytes: z.number(), hash: z.string() }))
  .min(1);

function splitOf(folder: string, files: readonly RepositoryFile[]) {
  const names = files.map(({ path }) => path.split("/").at(-1) ?? "");
  return { folder, files: names.map((name) => join(folder, name)), hashes: files.map(({ hash }) => hash) };
}

async function writeList(folder: string, files: readonly RepositoryFile[]): Promise<void> {
  const temporary = join(folder, `${LIST}.${process.pid}`);
  await writing(join(folder, LIST), async () => {
    await writeFile(temporary, JSON.stringify(files));
    await rename(temporary, join(folder, LIST));
  });
}

async function readList(folder: string): Promise<readonly RepositoryFile[] | undefined> {
  try {
    return listSchema.parse(JSON.parse(await readFile(join(folder, LIST), "utf8")));
  } catch {
    return undefined;
  }
}

async function foldersIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
}

/** The parts of `SUBSET/SPLIT/0000.parquet`; of other files undefined. */
function partsOf({ path }: RepositoryFile): { readonly subset: string; readonly split: string } | undefined {
  const [, subset, split] = /^([^/]+)\/([^/]+)\/[^/]+\.parquet$/.exec(path) ?? [];
  return subset === undefined ? undefined : { subset, split };
}

const listed = (names: readonly (string | undefined)[]) =>
  [...new Set(names)]
    .filter((name) => name !== undefined)
    .sort()
    .map((name) => `"${name}"`)
    .join(", ");

function onlySubset(files: readonly RepositoryFile[], dataset: string): string {
  const subsets = [...new Set(files.flatMap((file) => partsOf(file)?.subset ?? []))];
  if (subsets.length === 1) return subsets[0];
  throw hubError(
    subsets.length === 0
      ? `expected Parquet files of the data set ${dataset}, got none`
      : `expected one subset of the data set ${dataset}, got the choice of ${listed(subsets)}`,
    subsets.length === 0
      ? "Download its files by other means, and name them"
      : "Say which (--subset on the command line)",
  );
}

function filesOf(
  files: readonly RepositoryFile[],
  dataset: string,
  subset: string,
  split: string,
): RepositoryFile[] {
  const ofSubset = files.filter((file) => partsOf(file)?.subset === subset);
  if (ofSubset.length === 0) {
    const known = listed(files.map((file) => partsOf(file)?.subset));
    throw hubError(
      `expected a subset "${subset}" of the data set ${dataset}, got ${known || "none at all"}`,
      "Name one of them",
    );
  }
  const chosen = ofSubset.filter((file) => partsOf(file)?.split === split);
  if (chosen.length > 0) return chosen.sort((a, b) => (a.path < b.path ? -1 : 1));
  const known = listed(ofSubset.map((file) => partsOf(file)?.split));
  throw hubError(
    `expected a split "${split}" of ${dataset}, subset "${subset}", got ${known}`,
    "Name one of them; the Hub calls the first gigabytes of a large split partial-...",
  );
}
