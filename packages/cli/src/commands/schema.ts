import { Command } from "commander";
import { configJsonSchema, defaultPlugins, Registry } from "textdiffusion";
import { loadConfig } from "../config/load-config.js";
import type { CommandContext } from "./context.js";

const explanation = `
Editors read it from "$schema" in a config file. Without plugins of yours the one that is installed will do:
  { "$schema": "./node_modules/textdiffusion/schema.json", "sampler": "confidence" }
With plugins, write it again whenever they change:
  $ textdiffusion schema --config textdiffusion.config.json > config.schema.json`;

export function schemaCommand(context: CommandContext): Command {
  return new Command("schema")
    .description("the JSON Schema of config files, with the components of your plugins")
    .option("--config <file>", "config file (default: textdiffusion.config.* in this folder)")
    .addHelpText("after", explanation)
    .action(async (options: { readonly config?: string }) => {
      const { config } = await loadConfig(options.config, context.folder);
      const registry = new Registry([...defaultPlugins, ...(config.plugins ?? [])]);
      context.out.write(`${JSON.stringify(configJsonSchema(registry), undefined, 2)}\n`);
    });
}
