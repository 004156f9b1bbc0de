import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { hubError } from "./hub-error.js";
import { hubSettings } from "./hub-settings.js";
import { cacheOf, type PulledRepository, type PullOptions, pullRepository } from "./pull-repository.js";
import type { RepositoryFile } from "./repository-cache.js";

/**
 * Downloads a model of the Hub into the cache: config, tokenizer and weights in safetensors. What is there already is not
 * downloaded again.
 *
 * ```ts
 * const { folder } = await pullModel("FacebookAI/roberta-base");
 * ```
 *
 * @param name - `owner/name`
 * @throws DiffusionError `HUB_FAILED` for a name or a revision that is not there or not for you, a model without what a folder
 *   needs, a broken or wrong download, no network; `FILE_NOT_WRITABLE`, `ABORTED`
 */
export async function pullModel(
  name: string,
  options: PullOptions = {},
): Promise<Pick<PulledRepository, "folder" | "commit" | "isNew">> {
  const { settings = hubSettings(), revision } = options;
  if (!settings.offline)
    return pullRepository({ type: "model", name }, (files) => modelFiles(files, name), options);
  const cached = await cachedModel(name, options);
  if (cached) return { ...cached, isNew: false };
  throw hubError(
    `expected the model ${name}${revision ? ` at ${revision}` : ""} in the cache, got none there`,
    "Unset HF_HUB_OFFLINE to download it",
  );
}

/** The folder of a model that is in the cache, whole; nothing is asked of the Hub. Undefined where it is not. */
export async function cachedModel(
  name: string,
  { revision = "main", cacheFolder }: Pick<PullOptions, "revision" | "cacheFolder"> = {},
): Promise<{ readonly folder: string; readonly commit: string } | undefined> {
  const cache = await cacheOf({ type: "model", name }, cacheFolder);
  const commit = await cache.commitOf(revision);
  if (commit === undefined || !isWhole(cache.snapshot(commit))) return undefined;
  return { folder: cache.snapshot(commit), commit };
}

// --- internal ---

const TOKENIZER = "tokenizer.json";
const INDEX = "model.safetensors.index.json";
const isWeights = ({ path }: RepositoryFile) => /^model(-\d+-of-\d+)?\.safetensors$/.test(path);
const small = new Set([
  "config.json",
  "generation_config.json",
  "special_tokens_map.json",
  "textdiffusion.json",
  "tokenizer_config.json",
  INDEX,
  TOKENIZER,
]);

/** What a model folder needs, the weights last. */
function modelFiles(files: readonly RepositoryFile[], name: string): RepositoryFile[] {
  const has = (path: string) => files.some((file) => file.path === path);
  const weights = files.filter(isWeights);
  if (!has("config.json")) throw lacks(name, "config.json", "Name a model of BERT's or RoBERTa's kind");
  if (!has(TOKENIZER)) {
    throw lacks(
      name,
      TOKENIZER,
      "Save its fast tokenizer with Python's transformers, into a folder of your own",
    );
  }
  if (weights.length === 0) {
    const others = files.filter(({ path }) => /\.(bin|h5|msgpack|ot)$/.test(path)).map(({ path }) => path);
    throw lacks(
      name,
      `weights in model.safetensors${others.length > 0 ? `, but weights in ${others.join(", ")}` : ""}`,
      "Take a revision with safetensors, or save it so with Python's transformers, into a folder of your own",
    );
  }
  return [...files.filter(({ path }) => small.has(path)), ...weights];
}

function isWhole(folder: string): boolean {
  const has = (name: string) => existsSync(join(folder, name));
  if (!has("config.json") || !has(TOKENIZER)) return false;
  if (!has(INDEX)) return has("model.safetensors");
  try {
    const { weight_map: shards } = JSON.parse(readFileSync(join(folder, INDEX), "utf8"));
    return Object.values<string>(shards).every(has);
  } catch {
    return false;
  }
}

function lacks(name: string, what: string, remedy: string) {
  return hubError(
    `expected the model ${name} with all that a model folder needs, got one without ${what}`,
    remedy,
  );
}
