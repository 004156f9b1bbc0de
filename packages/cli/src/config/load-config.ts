import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, extname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { createJiti } from "jiti";
import { DiffusionError, isComponent, listNames, type Plugin, type TextDiffusionConfig } from "textdiffusion";
import { dataPath } from "./data-path.js";
import { hubModel } from "./hub.js";
import { importPlugins, type PluginSource } from "./import-plugins.js";
import { TINY_MODEL } from "./model-folder.js";
import { withIncludes } from "./with-includes.js";

/** Names that are looked for in the current folder. */
export const CONFIG_NAMES = ["ts", "mts", "js", "mjs", "json"].map((end) => `textdiffusion.config.${end}`);

export interface LoadedConfig {
  readonly config: TextDiffusionConfig & { readonly plugins?: readonly Plugin[] };
  /** Where those plugins were found that the config names by package. */
  readonly pluginSources: ReadonlyMap<Plugin, PluginSource>;
  /** Where it was read, absolute; undefined when there is no config file. */
  readonly file?: string;
}

/**
 * The user's config: the file named, or the one in `folder`, or none. TypeScript and JavaScript files have it as
 * their default export. Plugins given as package names are imported from where the file lies; paths in the config
 * count from there, too, and `{ "$include": "counts.json" }` stands for what that file holds. Which keys a config may
 * have is checked by who uses it.
 *
 * @throws DiffusionError `FILE_NOT_FOUND`, `CONFIG_INVALID`, `PLUGIN_INVALID`, `PLUGIN_FAILED`
 */
export async function loadConfig(named: string | undefined, folder: string): Promise<LoadedConfig> {
  const file = named === undefined ? findConfig(folder) : resolve(folder, named);
  if (file === undefined) return { config: {}, pluginSources: new Map() };
  if (!existsSync(file)) {
    throw notFound("a config file", file, "Correct --config, or leave it out to run with the defaults");
  }
  const value = extname(file) === ".json" ? await readJson(file) : await importDefault(file);
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw invalid(
      `expected an object in ${file}, got ${describe(value)}`,
      "Export the config as the default export",
    );
  }
  const whole = (await withIncludes(value, dirname(file), readIncluded)) as TextDiffusionConfig;
  const { plugins, ...config } = resolvePaths(whole, dirname(file));
  if (plugins === undefined) return { file, config, pluginSources: new Map() };
  const imported = await importPlugins(plugins, file);
  return { file, config: { ...config, plugins: imported.plugins }, pluginSources: imported.sources };
}

// --- internal ---

function findConfig(folder: string): string | undefined {
  const found = CONFIG_NAMES.filter((name) => existsSync(join(folder, name)));
  if (found.length > 1) {
    throw invalid(
      `expected one config file in ${folder}, got ${listNames(found)}`,
      "Keep one, or choose with --config",
    );
  }
  return found[0] === undefined ? undefined : join(folder, found[0]);
}

async function readJson(file: string): Promise<unknown> {
  const text = await readFile(file, "utf8");
  try {
    return JSON.parse(text);
  } catch (error) {
    throw invalid(
      `expected JSON in ${file}, got a syntax error: ${messageOf(error)}`,
      "Correct the file",
      error,
    );
  }
}

async function readIncluded(file: string): Promise<unknown> {
  if (!existsSync(file)) throw notFound("a file to include", file, "Correct the path after $include");
  return readJson(file);
}

async function importDefault(file: string): Promise<unknown> {
  const alias = frameworkFor(file);
  const jiti = createJiti(pathToFileURL(file).href, { moduleCache: false, fsCache: false, alias });
  try {
    return await jiti.import(file, { default: true });
  } catch (error) {
    throw invalid(
      `expected a module that can be imported in ${file}, got ${messageOf(error)}`,
      "Correct the file",
      error,
    );
  }
}

/** A config in a folder that has no framework installed, as with `npx`, means the one that reads it. */
function frameworkFor(file: string): Record<string, string> {
  const name = "textdiffusion";
  try {
    createRequire(file).resolve(name);
    return {};
  } catch {
    return { [name]: createRequire(import.meta.url).resolve(name) };
  }
}

/** Nothing is checked here: what is not a path yet stays as it is. */
function resolvePaths(config: TextDiffusionConfig, folder: string): TextDiffusionConfig {
  const { data, model, denoiser } = config;
  /** `tiny` and models of the Hub are names unless a folder is called so. */
  const isModelPath = (path: unknown): path is string =>
    typeof path === "string" &&
    path !== "new" &&
    ((path !== TINY_MODEL && !hubModel(path)) || existsSync(resolve(folder, path)));
  return {
    ...config,
    ...(data && { data: withDataPaths(data) }),
    ...(denoiser !== undefined && { denoiser: withFile(denoiser) as typeof denoiser }),
    ...(model && {
      model: {
        ...model,
        ...(isModelPath(model.from) && { from: resolve(folder, model.from ?? "") }),
        ...(isModelPath(model.tokenizer) && { tokenizer: resolve(folder, model.tokenizer ?? "") }),
      },
    }),
  };

  function withDataPaths(given: NonNullable<typeof data>): typeof data {
    const { file, source, validation } = given;
    return {
      ...given,
      ...(validation && { validation: withDataPaths(validation) }),
      ...(typeof file === "string" && { file: dataPath(file, folder) }),
      ...(source !== undefined && { source: withFiles(source) as typeof source }),
    };
  }

  /** The files of a source. */
  function withFiles(choice: unknown): unknown {
    if (typeof choice !== "object" || choice === null || isComponent(choice)) return choice;
    const { files } = choice as { readonly files?: unknown };
    if (files === undefined) return choice;
    const located = (path: unknown) => (typeof path === "string" ? dataPath(path, folder) : path);
    return { ...choice, files: Array.isArray(files) ? files.map(located) : located(files) };
  }

  /** The file of an ONNX model, whatever wraps it. */
  function withFile(choice: unknown): unknown {
    if (typeof choice !== "object" || choice === null || isComponent(choice)) return choice;
    const { name, file, denoiser: inner } = choice as Record<string, unknown>;
    if (name === "onnx" && typeof file === "string") return { ...choice, file: resolve(folder, file) };
    return inner === undefined ? choice : { ...choice, denoiser: withFile(inner) };
  }
}

function notFound(what: string, file: string, remedy: string): DiffusionError {
  return new DiffusionError({
    code: "FILE_NOT_FOUND",
    component: "cli/config",
    problem: `expected ${what} at ${file}, got nothing`,
    remedy,
  });
}

function invalid(problem: string, remedy: string, cause?: unknown): DiffusionError {
  return new DiffusionError({ code: "CONFIG_INVALID", component: "cli/config", problem, remedy, cause });
}

function messageOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split("\n")[0];
}

function describe(value: unknown): string {
  return Array.isArray(value) ? "a list" : value === null ? "null" : typeof value;
}
