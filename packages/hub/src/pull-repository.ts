import { downloadFile } from "./download-file.js";
import { hubError } from "./hub-error.js";
import { defaultPatience, type HubFetch, hubFetch, type Patience } from "./hub-fetch.js";
import { type HubSettings, hubSettings } from "./hub-settings.js";
import { isCommit, type RepositoryCache, type RepositoryFile, repositoryCache } from "./repository-cache.js";
import { repositoryName, safePath } from "./safe-path.js";

export interface PullOptions {
  /** Branch, tag or commit. Default "main". */
  readonly revision?: string;
  /** Aborted: ends at once; what was downloaded stays, and is gone on with. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: PullProgress) => void;
  /** Default: as the environment says. */
  readonly settings?: HubSettings;
  /** Default `HF_HUB_CACHE`, or where `HF_HOME` says. */
  readonly cacheFolder?: string;
  readonly patience?: Partial<Patience>;
}

export interface PullProgress {
  readonly file: string;
  /** Of all files, those that were there before counted in. */
  readonly receivedBytes: number;
  readonly totalBytes: number;
}

/** What was pulled. */
export interface PulledRepository {
  /** With links to the files, at their paths. */
  readonly folder: string;
  readonly commit: string;
  readonly files: readonly RepositoryFile[];
  /** False where all of it was in the cache. */
  readonly isNew: boolean;
}

export interface Repository {
  readonly type: "model" | "dataset";
  /** `owner/name`. */
  readonly name: string;
}

/**
 * Downloads the files that `choose` takes from a repository into the cache, in the order in which it gives them.
 *
 * @throws DiffusionError `HUB_FAILED`, `FILE_NOT_WRITABLE`, `ABORTED`
 */
export async function pullRepository(
  repository: Repository,
  choose: (files: readonly RepositoryFile[]) => readonly RepositoryFile[],
  { revision = "main", signal, onProgress, settings = hubSettings(), cacheFolder, patience }: PullOptions,
): Promise<PulledRepository> {
  const { type, name } = repository;
  const what = `the ${type === "model" ? "model" : "data set"} ${repositoryName(name)}`;
  safePath(revision, what);
  const patient = { ...defaultPatience, ...patience };
  const cache = await cacheOf(repository, cacheFolder);
  const fetch = hubFetch(settings, what, signal, patient);
  const commit = await currentCommit(repository, what, revision, settings, fetch);
  const files = choose(await filesOf(repository, what, commit, settings, fetch));
  const totalBytes = files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const base = `${settings.endpoint}/${type === "dataset" ? "datasets/" : ""}${name}/resolve/${commit}`;
  let [before, isNew] = [0, false];
  for (const file of files) {
    if (!(await cache.has(file))) isNew = true;
    await downloadFile(cache, {
      ...{ file, fetch, signal, patience: patient },
      url: `${base}/${file.path.split("/").map(encodeURIComponent).join("/")}`,
      onBytes: (bytes) => onProgress?.({ file: file.path, receivedBytes: before + bytes, totalBytes }),
    });
    before += file.sizeBytes;
  }
  // Links last, those that make it usable at the end: a pull that was killed leaves nothing that looks whole.
  for (const file of files) await cache.link(commit, file);
  await cache.remember(revision, commit);
  return { folder: cache.snapshot(commit), commit, files, isNew };
}

/** The folder of a repository in the cache. */
export async function cacheOf({ type, name }: Repository, cacheFolder?: string): Promise<RepositoryCache> {
  const { getHFHubCachePath, getRepoFolderName } = await import("@huggingface/hub");
  return repositoryCache(
    cacheFolder ?? getHFHubCachePath(),
    getRepoFolderName({ type, name: repositoryName(name) }),
  );
}

// --- internal ---

async function currentCommit(
  { type, name }: Repository,
  what: string,
  revision: string,
  { endpoint: hubUrl }: HubSettings,
  fetch: HubFetch,
): Promise<string> {
  const { datasetInfo, modelInfo } = await import("@huggingface/hub");
  const request = { name, revision, hubUrl, fetch: fetch as typeof globalThis.fetch };
  const { sha } = await (type === "model"
    ? modelInfo({ ...request, additionalFields: ["sha"] })
    : datasetInfo({ ...request, additionalFields: ["sha"] }));
  if (isCommit(sha)) return sha;
  throw hubError(
    `expected a commit of ${what}, got ${JSON.stringify(sha)}`,
    "Is HF_ENDPOINT the address of a Hub?",
  );
}

async function filesOf(
  repo: Repository,
  what: string,
  revision: string,
  { endpoint: hubUrl }: HubSettings,
  fetch: HubFetch,
): Promise<RepositoryFile[]> {
  const { listFiles } = await import("@huggingface/hub");
  const files: RepositoryFile[] = [];
  const request = { repo, revision, hubUrl, recursive: true, fetch: fetch as typeof globalThis.fetch };
  for await (const { type, path, size, oid, lfs } of listFiles(request)) {
    if (type !== "file") continue;
    const hash = lfs?.oid ?? oid ?? "";
    if (!/^([0-9a-f]{40}|[0-9a-f]{64})$/.test(hash)) {
      throw hubError(
        `expected the hash of ${path} of ${what}, got ${JSON.stringify(hash)}`,
        "Is HF_ENDPOINT the address of a Hub?",
      );
    }
    files.push({ path: safePath(path, what), sizeBytes: lfs?.size ?? size, hash });
  }
  return files;
}
