import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { createJiti } from "jiti";
import { DiffusionError, type Plugin } from "textdiffusion";

/** Where a plugin that a config names was found. */
export interface PluginSource {
  /** Of its package.json; undefined where that has none. */
  readonly version?: string;
  /** The package's folder. */
  readonly folder: string;
}

/** Plugins, and where those were found that came from a package. */
export interface ImportedPlugins {
  readonly plugins: readonly Plugin[];
  readonly sources: ReadonlyMap<Plugin, PluginSource>;
}

/**
 * Plugins as they are; names are replaced by what their packages export by default, found as an import statement in the
 * config file would find them and imported by Node itself.
 *
 * @throws DiffusionError `PLUGIN_INVALID` for a package that is not there, exports no plugin or lies about its version,
 *   `PLUGIN_FAILED` for one that throws, `CONFIG_INVALID`
 */
export async function importPlugins(plugins: unknown, file: string): Promise<ImportedPlugins> {
  if (!Array.isArray(plugins)) {
    throw new DiffusionError({
      code: "CONFIG_INVALID",
      component: "cli/config",
      problem: `expected a list of plugins in ${file}, got ${plugins === null ? "null" : typeof plugins}`,
      remedy: 'Write it as in ["my-plugin"]',
    });
  }
  const sources = new Map<Plugin, PluginSource>();
  const imported = await Promise.all(
    plugins.map(async (plugin: Plugin | string) => {
      if (typeof plugin !== "string") return plugin;
      const found = await importPlugin(plugin, file);
      sources.set(found.plugin, found.source);
      return found.plugin;
    }),
  );
  return { plugins: imported, sources };
}

// --- internal ---

async function importPlugin(name: string, file: string): Promise<{ plugin: Plugin; source: PluginSource }> {
  const url = resolveFrom(name, file);
  const plugin = await importDefault(name, url, file);
  const source = await sourceOf(url);
  const { version } = plugin;
  if (version !== undefined && source.version !== undefined && version !== source.version) {
    throw invalid(
      `expected version ${source.version} of plugin "${name}", as its package.json says, got ${version}`,
      `Build it again, or reinstall it. It lies in ${source.folder}`,
    );
  }
  return { plugin, source };
}

function resolveFrom(name: string, file: string): string {
  const parent = pathToFileURL(file).href;
  try {
    return createJiti(parent).esmResolve(name, parent);
  } catch (error) {
    throw invalid(
      `expected a plugin package "${name}" beside ${file}, got ${messageOf(error)}`,
      `Install it there: npm install ${name} in ${dirname(file)}`,
      error,
    );
  }
}

async function importDefault(name: string, url: string, file: string): Promise<Plugin> {
  let module: { readonly default?: Plugin };
  try {
    module = await import(url);
  } catch (error) {
    throw new DiffusionError({
      code: "PLUGIN_FAILED",
      component: "cli/config",
      problem: `expected the plugin package "${name}" to load, got "${messageOf(error)}" thrown by ${url}`,
      remedy: `The error comes from the plugin and is the cause of this one: update it, or take it out of ${file}`,
      cause: error,
    });
  }
  if (typeof module.default === "object" && module.default !== null) return module.default;
  const got = module.default === undefined ? "a package without one" : String(typeof module.default);
  throw invalid(
    `expected a plugin as the default export of "${name}", got ${got}`,
    "Export what definePlugin returns as the default export",
  );
}

/** The nearest package.json with a name, upwards from a file of the package. */
async function sourceOf(url: string): Promise<PluginSource> {
  let folder = dirname(fileURLToPath(url));
  const last = folder;
  for (;;) {
    const manifest = join(folder, "package.json");
    if (existsSync(manifest)) {
      const { name, version } = JSON.parse(await readFile(manifest, "utf8"));
      if (typeof name === "string") return { folder, ...(typeof version === "string" && { version }) };
    }
    if (dirname(folder) === folder) return { folder: last };
    folder = dirname(folder);
  }
}

function invalid(problem: string, remedy: string, cause?: unknown): DiffusionError {
  return new DiffusionError({ code: "PLUGIN_INVALID", component: "cli/config", problem, remedy, cause });
}

function messageOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split("\n")[0];
}
