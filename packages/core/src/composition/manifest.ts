import { type AnyDefinition, API_VERSION, type ComponentKind, type Plugin } from "../contracts/component.js";
import { DiffusionError, type ErrorCode, listNames } from "../errors/diffusion-error.js";
import { inWords } from "./checked/origin.js";

/** Under which key of a plugin the components of a kind stand. */
export const listOf = {
  backend: "backends",
  callback: "callbacks",
  collator: "collators",
  denoiser: "denoisers",
  sampler: "samplers",
  schedule: "schedules",
  source: "sources",
  tokenizer: "tokenizers",
} as const satisfies Record<ComponentKind, keyof Plugin>;

export const componentKinds = Object.keys(listOf) as ComponentKind[];

/**
 * What a plugin says of itself, looked at before anything of it is called.
 *
 * @throws DiffusionError `PLUGIN_INVALID`, `UNKNOWN_OPTION` for a key that plugins do not have
 */
export function assertPlugin(plugin: Plugin): void {
  if (typeof plugin?.name !== "string" || plugin.name === "") {
    throw refused(
      `expected a plugin with a name, got ${plugin === null ? "null" : typeof plugin}`,
      "Was the plugin's factory passed without calling it?",
    );
  }
  const { name, version, apiVersion } = plugin;
  if (apiVersion !== API_VERSION) {
    throw refused(
      `expected apiVersion ${API_VERSION} from plugin "${name}", got ${String(apiVersion)}`,
      "Install a version of the plugin that was made for this version of textdiffusion",
    );
  }
  if (version !== undefined && typeof version !== "string") {
    throw refused(
      `expected version of plugin "${name}" to be a text, got ${inWords(version)}`,
      "Write the version of its package.json, or leave it out",
    );
  }
  const known = new Set<string>(["name", "version", "apiVersion", ...Object.values(listOf)]);
  const unknown = Object.keys(plugin).find((key) => !known.has(key));
  if (unknown !== undefined) {
    throw refused(
      `expected known keys in plugin "${name}", got "${unknown}". Known: ${listNames(known)}`,
      "Correct the key",
      "UNKNOWN_OPTION",
    );
  }
  for (const kind of componentKinds) {
    const list: unknown = plugin[listOf[kind]];
    if (list !== undefined && !Array.isArray(list)) {
      throw refused(
        `expected ${listOf[kind]} of plugin "${name}" to be a list, got ${inWords(list)}`,
        "Write the definitions in a list",
      );
    }
  }
}

/** @throws DiffusionError `PLUGIN_INVALID` for a definition that is none */
export function assertDefinition(
  kind: ComponentKind,
  plugin: string,
  definition: AnyDefinition<ComponentKind>,
): void {
  const { name, create, options, description, exceptions = [], choices = {} } = definition ?? {};
  if (typeof name !== "string" || typeof create !== "function" || !options?.["~standard"]) {
    throw refused(
      `expected each ${kind} of plugin "${plugin}" to have name, options (a Standard Schema) and create, got ${name ?? typeof definition}`,
      "Make the component with the define functions of @textdiffusion/core",
    );
  }
  const whose = `${kind} "${name}" of plugin "${plugin}"`;
  if (!/^[a-z0-9]+(-[a-z0-9]+)*$/.test(name)) {
    throw refused(
      `expected a kebab-case name for a ${kind} of plugin "${plugin}", got "${name}"`,
      "Rename it",
    );
  }
  if (typeof description !== "string") {
    throw refused(
      `expected a description of ${whose}, got ${inWords(description)}`,
      "Say in a line what it does",
    );
  }
  if (!Array.isArray(exceptions) || !exceptions.every(isException)) {
    throw refused(
      `expected exceptions of ${whose} to be a list of { law, reason }, got ${inWords(exceptions)}`,
      "Name each law that does not hold of it, and say why",
    );
  }
  for (const [option, nested] of Object.entries(choices)) {
    if (componentKinds.includes(nested)) continue;
    throw refused(
      `expected choices.${option} of ${whose} to be a kind of component, got ${inWords(nested)}`,
      `Write one of ${listNames(componentKinds)}`,
    );
  }
}

// --- internal ---

function isException(exception: unknown): boolean {
  const { law, reason } = (exception ?? {}) as { readonly law?: unknown; readonly reason?: unknown };
  return typeof law === "string" && typeof reason === "string" && reason.trim() !== "";
}

function refused(problem: string, remedy: string, code: ErrorCode = "PLUGIN_INVALID"): DiffusionError {
  return new DiffusionError({ code, component: "core/plugins", problem, remedy });
}
