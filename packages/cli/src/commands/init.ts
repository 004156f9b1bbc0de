import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { Command, Option } from "commander";
import { DiffusionError } from "textdiffusion";
import { configTemplates } from "../config/config-templates.js";
import { CONFIG_NAMES } from "../config/load-config.js";
import type { CommandContext } from "./context.js";

interface InitOptions {
  readonly for: keyof typeof configTemplates;
  readonly data: string;
  readonly model: string;
  readonly force?: true;
}

const examples = `
Examples:
  A small model of a text of yours, from nothing:
    $ textdiffusion init --data my-text.txt
    $ textdiffusion train --out my-model
  Going on from a BERT or RoBERTa of Hugging Face, downloaded into a folder:
    $ textdiffusion init --for fine-tuning --data my-text.txt --model FacebookAI/roberta-base
    $ textdiffusion train --out my-model`;

export function initCommand(context: CommandContext): Command {
  return new Command("init")
    .description("write a config file to start from, with every choice explained")
    .addOption(
      new Option("--for <case>", "what is to be trained")
        .choices(Object.keys(configTemplates))
        .default("new-model"),
    )
    .option("--data <file>", "the text", "my-text.txt")
    .option(
      "--model <folder-or-name>",
      "with --for fine-tuning: the model to begin with",
      "FacebookAI/roberta-base",
    )
    .option("--force", "write over the config that is there")
    .addHelpText("after", examples)
    .action((options: InitOptions) => init(options, context));
}

// --- internal ---

async function init(options: InitOptions, { command, folder, notes }: CommandContext): Promise<void> {
  const [name] = CONFIG_NAMES;
  // Two configs in a folder are one too many, whatever their endings.
  const found = CONFIG_NAMES.find((each) => existsSync(join(folder, each)));
  if (found !== undefined && !(options.force && found === name)) throw taken(found, found === name);
  const text = configTemplates[options.for](options);
  try {
    await writeFile(join(folder, name), text, { flag: options.force ? "w" : "wx" });
  } catch (cause) {
    throw new DiffusionError({
      code: "FILE_NOT_WRITABLE",
      component: "cli/init",
      problem: `expected to write ${name}, got ${String(cause)}`,
      remedy: "Go to a folder that can be written",
      cause,
    });
  }
  notes.write(`${name} is here. Look through it, then\n  ${command} train --out my-model\n`);
  if (!existsSync(resolve(folder, options.data)))
    notes.write(`It trains on ${options.data}, which is not here yet.\n`);
}

function taken(found: string, replaceable: boolean): DiffusionError {
  return new DiffusionError({
    code: "FILE_NOT_WRITABLE",
    component: "cli/init",
    problem: `expected a folder without a config, got one with ${found}`,
    remedy: replaceable
      ? "Go to another folder, or write over it with --force"
      : "Go to another folder, or remove it",
  });
}
