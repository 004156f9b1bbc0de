import { type Command, Option } from "commander";
import type { TextDiffusionConfig } from "textdiffusion";
import type { CommandContext } from "../commands/context.js";
import { dataPath } from "./data-path.js";
import { fetchSource } from "./hub.js";

/** What the command line says of the data. */
export interface DataCommandOptions {
  readonly data?: string;
  readonly dataset?: string;
  readonly subset?: string;
  readonly split?: string;
}

/** Adds the options that name the data: files, or a data set of the Hub. */
export function withDataOptions(command: Command): Command {
  return command
    .option(
      "--data <file>",
      "the text: a file, a folder, a pattern in quotes, .gz, .jsonl, .parquet, or - for standard input",
    )
    .addOption(
      new Option("--dataset <name>", "a data set of the Hugging Face Hub: owner/name").conflicts("data"),
    )
    .option("--subset <name>", "of the data set (default: the only one)")
    .option("--split <name>", "of the data set (default: train)");
}

/**
 * The data of a config with what the command line says laid over it. A data set of the Hub is downloaded, unless it is in the
 * cache.
 *
 * @throws DiffusionError as `pullDataset`
 */
export async function dataOf(
  config: TextDiffusionConfig["data"],
  { data, dataset, subset, split }: DataCommandOptions,
  context: CommandContext,
): Promise<TextDiffusionConfig["data"]> {
  const said = {
    ...(data !== undefined && { file: dataPath(data, context.folder) }),
    ...(dataset !== undefined && { source: hubSource(config?.source, { dataset, subset, split }) }),
  };
  const merged = { ...config, ...said };
  await fetchSource(merged.source, context);
  return merged;
}

// --- internal ---

type Source = NonNullable<TextDiffusionConfig["data"]>["source"];

/** What the config says of columns and conditions stays. */
function hubSource(configured: unknown, { dataset, subset, split }: DataCommandOptions): Source {
  const { name, ...rest } = (configured ?? {}) as { readonly name?: unknown };
  return {
    ...(name === "hub" && rest),
    ...{ name: "hub", dataset },
    ...(subset !== undefined && { subset }),
    ...(split !== undefined && { split }),
  } as Source;
}
