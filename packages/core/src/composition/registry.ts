import { type AnyDefinition, API_VERSION, type ComponentKind, type Plugin } from "../contracts/component.js";
import { DiffusionError, listNames } from "../errors/diffusion-error.js";

const listOf = {
  backend: "backends",
  collator: "collators",
  denoiser: "denoisers",
  sampler: "samplers",
  schedule: "schedules",
  tokenizer: "tokenizers",
} as const satisfies Record<ComponentKind, keyof Plugin>;

export const componentKinds = Object.keys(listOf) as ComponentKind[];

interface Entry {
  readonly plugin: string;
  readonly definition: AnyDefinition<ComponentKind>;
}

/** Every definition of a set of plugins, by kind and name. Made once, never changed. */
export class Registry {
  private readonly entries = new Map<ComponentKind, Map<string, Entry>>();

  /** @throws DiffusionError `PLUGIN_INVALID`, `DUPLICATE_COMPONENT` */
  constructor(plugins: readonly Plugin[]) {
    for (const kind of componentKinds) this.entries.set(kind, new Map());
    for (const plugin of new Set(plugins)) {
      assertPlugin(plugin);
      for (const kind of componentKinds) {
        for (const definition of plugin[listOf[kind]] ?? []) this.add(kind, plugin.name, definition);
      }
    }
  }

  /**
   * @param path - where the name stands in a config, for the message. Default the kind.
   * @throws DiffusionError `UNKNOWN_COMPONENT` that lists what is known
   */
  find<Kind extends ComponentKind>(kind: Kind, name: string, path: string = kind): AnyDefinition<Kind> {
    const entry = this.entries.get(kind)?.get(name);
    if (!entry) {
      throw new DiffusionError({
        code: "UNKNOWN_COMPONENT",
        component: "core/config",
        problem: `expected a known ${kind}${path === kind ? "" : ` at ${path}`}, got "${name}". Known: ${listNames(this.names(kind))}`,
        remedy: "Correct the name, add the plugin that brings it, or pass the component itself",
        details: { kind, name, path, known: this.names(kind) },
      });
    }
    return entry.definition as AnyDefinition<Kind>;
  }

  names(kind: ComponentKind): string[] {
    return [...(this.entries.get(kind)?.keys() ?? [])].sort();
  }

  /** Name, description and plugin of every component of a kind, for listings. */
  list(kind: ComponentKind): { name: string; description: string; plugin: string }[] {
    return [...(this.entries.get(kind)?.values() ?? [])]
      .map(({ plugin, definition }) => ({
        name: definition.name,
        description: definition.description,
        plugin,
      }))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  private add(kind: ComponentKind, plugin: string, definition: AnyDefinition<ComponentKind>): void {
    const { name, create, options } = definition ?? {};
    if (typeof name !== "string" || typeof create !== "function" || !options?.["~standard"]) {
      throw new DiffusionError({
        code: "PLUGIN_INVALID",
        component: "core/plugins",
        problem: `expected each ${kind} of plugin "${plugin}" to have name, options (a Standard Schema) and create, got ${name ?? typeof definition}`,
        remedy: "Make the component with the define functions of @textdiffusion/core",
      });
    }
    const known = this.entries.get(kind)?.get(name);
    if (known) {
      throw new DiffusionError({
        code: "DUPLICATE_COMPONENT",
        component: "core/plugins",
        problem: `expected one ${kind} named "${name}", got one from "${known.plugin}" and one from "${plugin}"`,
        remedy: "Leave one of the plugins out, or pass the component itself instead of its name",
      });
    }
    this.entries.get(kind)?.set(name, { plugin, definition });
  }
}

function assertPlugin(plugin: Plugin): void {
  const name = typeof plugin?.name === "string" && plugin.name !== "" ? plugin.name : undefined;
  if (!name) {
    throw new DiffusionError({
      code: "PLUGIN_INVALID",
      component: "core/plugins",
      problem: `expected a plugin with a name, got ${plugin === null ? "null" : typeof plugin}`,
      remedy: "Was the plugin's factory passed without calling it?",
    });
  }
  if (plugin.apiVersion !== API_VERSION) {
    throw new DiffusionError({
      code: "PLUGIN_INVALID",
      component: "core/plugins",
      problem: `expected apiVersion ${API_VERSION} from plugin "${name}", got ${String(plugin.apiVersion)}`,
      remedy: "Install a version of the plugin that was made for this version of textdiffusion",
    });
  }
  const known = new Set<string>(["name", "apiVersion", ...Object.values(listOf)]);
  const unknown = Object.keys(plugin).find((key) => !known.has(key));
  if (unknown !== undefined) {
    throw new DiffusionError({
      code: "UNKNOWN_OPTION",
      component: "core/plugins",
      problem: `expected known keys in plugin "${name}", got "${unknown}". Known: ${listNames(known)}`,
      remedy: "Correct the key",
    });
  }
}
