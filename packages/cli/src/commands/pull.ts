import { Command, Option } from "commander";
import { DiffusionError } from "textdiffusion";
import { pullDatasetWithProgress, pullWithProgress } from "../config/hub.js";
import type { CommandContext } from "./context.js";

interface PullOptions {
  readonly revision?: string;
  readonly dataset?: true;
  readonly subset?: string;
  readonly split?: string;
  readonly json?: true;
}

const examples = `
Examples:
  A model to fine-tune, and what is done with it afterwards without any network:
    $ textdiffusion pull FacebookAI/roberta-base
    $ textdiffusion train --data my-text.txt --model FacebookAI/roberta-base --out my-model
  A data set, as the Parquet files that the Hub makes of it:
    $ textdiffusion pull --dataset Salesforce/wikitext --subset wikitext-2-raw-v1 --split train

They lie in the cache that all tools of Hugging Face share (HF_HOME, HF_HUB_CACHE). A download that was stopped is gone on with. What asks
for consent needs a token in HF_TOKEN; HF_ENDPOINT names another Hub.`;

export function pullCommand(context: CommandContext): Command {
  return new Command("pull")
    .description("download a model or a data set from the Hugging Face Hub, or what is new of it")
    .argument("<name>", "owner/name")
    .option(
      "--revision <name>",
      "branch, tag or commit (default: main; of a data set: the newest Parquet files)",
    )
    .option("--dataset", "it is a data set")
    .addOption(
      new Option("--subset <name>", "of a data set (default: the only one)").implies({ dataset: true }),
    )
    .addOption(new Option("--split <name>", "of a data set (default: train)").implies({ dataset: true }))
    .option("--json", "print folder and commit as JSON")
    .addHelpText("after", examples)
    .action((name: string, options: PullOptions) => pull(name, options, context));
}

// --- internal ---

async function pull(name: string, options: PullOptions, context: CommandContext): Promise<void> {
  const { revision, dataset, subset, split, json } = options;
  const { notes, out, command } = context;
  try {
    const { folder, commit, isNew } = dataset
      ? await pullDatasetWithProgress({ dataset: name, subset, split, revision }, context)
      : await pullWithProgress({ name, revision }, context);
    if (json) return void out.write(`${JSON.stringify({ name, commit, folder })}\n`);
    out.write(`${folder}\n`);
    if (!isNew) notes.write("Nothing was new.\n");
    const part = [subset && ` --subset ${subset}`, split && ` --split ${split}`].filter(Boolean).join("");
    const at = revision === undefined ? name : `${name}@${revision}`;
    const use = dataset ? `train --dataset ${name}${part} --out my-model` : `generate --model ${at}`;
    notes.write(`Use it by its name:\n  ${command} ${use}\n`);
  } catch (error) {
    if (DiffusionError.is(error, "ABORTED")) {
      notes.write("What is downloaded stays: the same command goes on from there.\n");
    }
    throw error;
  }
}
