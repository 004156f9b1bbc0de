import type { AnyDefinition, ComponentKind, Plugin } from "../contracts/component.js";
import { DiffusionError, listNames } from "../errors/diffusion-error.js";
import { assertDefinition, assertPlugin, componentKinds, listOf } from "./manifest.js";

interface Entry {
  readonly plugin: string;
  readonly definition: AnyDefinition<ComponentKind>;
}

/** Every definition of a set of plugins, by kind and name. Made once, never changed. */
export class Registry {
  /** Each once, in the order in which they were given. */
  readonly plugins: readonly Plugin[];
  private readonly entries = new Map<ComponentKind, Map<string, Entry>>();

  /** @throws DiffusionError `PLUGIN_INVALID`, `DUPLICATE_COMPONENT` */
  constructor(plugins: readonly Plugin[]) {
    for (const kind of componentKinds) this.entries.set(kind, new Map());
    this.plugins = [...new Set(plugins)];
    for (const plugin of this.plugins) {
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
  find<Kind extends ComponentKind>(kind: Kind, name: string, path?: string): AnyDefinition<Kind> {
    return this.entry(kind, name, path).definition as AnyDefinition<Kind>;
  }

  /** The name of the plugin that brings a component. @throws DiffusionError `UNKNOWN_COMPONENT` */
  pluginOf(kind: ComponentKind, name: string): string {
    return this.entry(kind, name).plugin;
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

  private entry(kind: ComponentKind, name: string, path: string = kind): Entry {
    const entry = this.entries.get(kind)?.get(name);
    if (entry) return entry;
    throw new DiffusionError({
      code: "UNKNOWN_COMPONENT",
      component: "core/config",
      problem: `expected a known ${kind}${path === kind ? "" : ` at ${path}`}, got "${name}". Known: ${listNames(this.names(kind))}`,
      remedy: "Correct the name, add the plugin that brings it, or pass the component itself",
      details: { kind, name, path, known: this.names(kind) },
    });
  }

  private add(kind: ComponentKind, plugin: string, definition: AnyDefinition<ComponentKind>): void {
    assertDefinition(kind, plugin, definition);
    const { name } = definition;
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
