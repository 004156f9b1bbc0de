import { relative } from "node:path";
import { Command } from "commander";
import {
  type ComponentKind,
  componentKinds,
  defaultPlugins,
  type LawException,
  type Plugin,
  Registry,
} from "textdiffusion";
import { loadConfig } from "../config/load-config.js";
import { packageVersion } from "../version.js";
import type { CommandContext } from "./context.js";

interface PluginsOptions {
  readonly config?: string;
  readonly json?: true;
}

interface PluginReport {
  readonly plugin: string;
  readonly version?: string;
  readonly apiVersion: number;
  /** The folder of its package, or in words where it has none. */
  readonly from: string;
  readonly components: readonly {
    readonly kind: ComponentKind;
    readonly name: string;
    readonly description: string;
    /** Laws of its contract that do not hold of it. */
    readonly exceptions: readonly LawException[];
  }[];
}

const explanation = `
Where each component comes from, and which laws of its contract it says do not hold of it, and why. Laws are run with
@textdiffusion/testkit.`;

export function pluginsCommand(context: CommandContext): Command {
  return new Command("plugins")
    .description("the plugins that are loaded, and what each brings")
    .option("--config <file>", "config file (default: textdiffusion.config.* in this folder)")
    .option("--json", "print one JSON document and nothing else")
    .addHelpText("after", explanation)
    .action((options: PluginsOptions) => list(options, context));
}

// --- internal ---

async function list(options: PluginsOptions, { folder, out, paintOut }: CommandContext): Promise<void> {
  const { config, file, pluginSources } = await loadConfig(options.config, folder);
  const own = config.plugins ?? [];
  const registry = new Registry([...defaultPlugins, ...own]);
  const reports = registry.plugins.map(report);
  out.write(
    options.json
      ? `${JSON.stringify({ config: file, plugins: reports }, undefined, 2)}\n`
      : described(reports),
  );

  function report(plugin: Plugin): PluginReport {
    const source = pluginSources.get(plugin);
    const isOurs = defaultPlugins.includes(plugin);
    return {
      plugin: plugin.name,
      version: plugin.version ?? source?.version ?? (isOurs ? packageVersion() : undefined),
      apiVersion: plugin.apiVersion,
      from: source?.folder ?? (isOurs ? "textdiffusion" : (file ?? "the config")),
      components: componentKinds.flatMap((kind) =>
        registry
          .list(kind)
          .filter((entry) => entry.plugin === plugin.name)
          .map(({ name, description }) => ({
            kind,
            name,
            description,
            exceptions: registry.find(kind, name).exceptions ?? [],
          })),
      ),
    };
  }

  function described(all: readonly PluginReport[]): string {
    const lines = all.flatMap(({ plugin, version, apiVersion, from, components }) => {
      const where = from.startsWith("/") ? relative(folder, from) || "." : from;
      const about = `${version ?? "no version"}, API ${apiVersion}, from ${where}`;
      const width = Math.max(0, ...components.map(({ name }) => name.length));
      return [
        "",
        `${paintOut("bold", plugin)} ${paintOut("dim", about)}`,
        ...components.flatMap(({ kind, name, description, exceptions }) => [
          `  ${kind.padEnd(9)}  ${name.padEnd(width)}  ${description}`,
          ...exceptions.map(({ law, reason }) =>
            paintOut("dim", `  ${"".padEnd(9)}  ${"".padEnd(width)}  not ${law}: ${reason}`),
          ),
        ]),
      ];
    });
    return `${lines.slice(1).join("\n")}\n`;
  }
}
