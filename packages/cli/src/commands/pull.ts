import { Command } from "commander";
import { DiffusionError } from "textdiffusion";
import { pullWithProgress } from "../config/hub-model.js";
import type { CommandContext } from "./context.js";

interface PullOptions {
  readonly revision?: string;
  readonly json?: true;
}

const examples = `
Examples:
  A model to fine-tune, and what is done with it afterwards without any network:
    $ textdiffusion pull FacebookAI/roberta-base
    $ textdiffusion train --data my-text.txt --model FacebookAI/roberta-base --out my-model

It lies in the cache that all tools of Hugging Face share (HF_HOME, HF_HUB_CACHE). A download that was stopped is gone on with. A
model that asks for consent needs a token in HF_TOKEN; HF_ENDPOINT names another Hub.`;

export function pullCommand(context: CommandContext): Command {
  return new Command("pull")
    .description("download a model from the Hugging Face Hub, or what is new of it")
    .argument("<model>", "its name: owner/name")
    .option("--revision <name>", "branch, tag or commit (default: main)")
    .option("--json", "print folder and commit as JSON")
    .addHelpText("after", examples)
    .action((name: string, options: PullOptions) => pull(name, options, context));
}

// --- internal ---

async function pull(name: string, { revision, json }: PullOptions, context: CommandContext): Promise<void> {
  const { notes, out, command } = context;
  try {
    const { folder, commit, isNew } = await pullWithProgress({ name, revision }, context);
    if (json) out.write(`${JSON.stringify({ model: name, commit, folder })}\n`);
    else out.write(`${folder}\n`);
    if (!json) notes.write(isNew ? "" : "Nothing was new.\n");
    const at = revision === undefined ? name : `${name}@${revision}`;
    if (!json) notes.write(`Use it by its name:\n  ${command} generate --model ${at}\n`);
  } catch (error) {
    if (DiffusionError.is(error, "ABORTED")) {
      notes.write("What is downloaded stays: the same command goes on from there.\n");
    }
    throw error;
  }
}
