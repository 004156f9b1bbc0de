import { existsSync, statSync } from "node:fs";
import { basename, dirname, join, relative, resolve } from "node:path";
import { readMetrics, trainingReport } from "@textdiffusion/render";
import { Command } from "commander";
import { readText } from "textdiffusion";
import { assertPictureFile, writePicture } from "../config/picture-file.js";
import type { CommandContext } from "./context.js";

const examples = `
Examples:
  The curves of a training, one that is still going on too:
    $ textdiffusion report my-model --out report.html
  Two trainings over each other:
    $ textdiffusion report small large --out sizes.html

The page is complete in itself and loads nothing.`;

export function reportCommand(context: CommandContext): Command {
  return new Command("report")
    .description("draw the curves of trainings: loss, loss by mask rate, learning rate, speed, memory")
    .argument("<runs...>", "folders of trainings, or their metrics.jsonl")
    .requiredOption("--out <file>", "FILE.html")
    .addHelpText("after", examples)
    .action((runs: readonly string[], options: { readonly out: string }) => report(runs, options, context));
}

// --- internal ---

async function report(
  runs: readonly string[],
  options: { readonly out: string },
  { folder, notes }: CommandContext,
): Promise<void> {
  const out = resolve(folder, options.out);
  await assertPictureFile(out, ["html"]);
  const records = await Promise.all(runs.map((run) => metricsOf(resolve(folder, run))));
  await writePicture(out, trainingReport(records));
  notes.write(`The report is in ${relative(folder, out)}. Open it in a browser.\n`);
}

async function metricsOf(run: string) {
  const isFolder = existsSync(run) && statSync(run).isDirectory();
  const file = isFolder ? join(run, "metrics.jsonl") : run;
  return readMetrics(await readText(file), basename(isFolder ? run : dirname(run)));
}
