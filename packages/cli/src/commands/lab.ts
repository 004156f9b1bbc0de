import { mkdir, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { setImmediate } from "node:timers/promises";
import { Command } from "commander";
import {
  byName,
  DiffusionError,
  type LaboratoryRecord,
  type LaboratoryReport,
  type LaboratorySettings,
  laboratory,
  laboratoryOptions,
  laboratoryPlot,
  laboratoryTable,
  loadTextDiffusion,
  type WeightType,
} from "textdiffusion";
import { match } from "ts-pattern";
import { adjustDenoiser } from "../config/adjust-denoiser.js";
import { loadConfig } from "../config/load-config.js";
import { modelFolder } from "../config/model-folder.js";
import { parseSamplers } from "../config/parse-samplers.js";
import { stageProgress } from "../progress/stage-progress.js";
import type { CommandContext } from "./context.js";
import { dtypeOption } from "./dtype-option.js";
import { evaluationTexts } from "./evaluation-texts.js";
import { knownNames } from "./known-names.js";
import { integer, nonNegativeNumbers, positiveInteger, positiveIntegers, share } from "./option-values.js";

interface LabOptions {
  readonly model: string;
  readonly out: string;
  readonly samplers?: string;
  readonly steps?: readonly number[];
  readonly guidance?: readonly number[];
  readonly cache?: string;
  readonly prompt?: string;
  readonly data?: string;
  readonly heldOut?: number;
  readonly trainingData?: string;
  readonly samples: number;
  readonly length?: number;
  readonly batchSize?: number;
  readonly seed: number;
  readonly schedule?: string;
  readonly backend?: string;
  readonly dtype?: WeightType;
  readonly denoiser?: string;
  readonly config?: string;
  readonly json?: true;
}

const examples = `
Examples:
  Every known sampler with its defaults, judged by an n-gram model of the text:
    $ textdiffusion lab --model my-model --data my-text.txt --out lab
  Does guidance help, and what does it cost? Each scale is a line of its own:
    $ textdiffusion lab --model my-model --data my-text.txt --out lab --samplers random --prompt "The fox" --guidance 0,1,2
  Some, with options of theirs, at three numbers of steps:
    $ textdiffusion lab --model my-model --data my-text.txt --out lab --steps 8,32,128 \\
        --samplers random,confidence:temperature=0.7,threshold:threshold=0.5|0.9

The output folder gets laboratory.json, laboratory.txt and laboratory.svg. All samplers draw from the same numbers.
Without --data the model judges its own samples, which tells little. Ctrl-C keeps what was measured.
What each figure means, and where it misleads: docs/evaluation.md of the project.`;

export function labCommand(context: CommandContext): Command {
  return new Command("lab")
    .description("one model, many samplers, the same noise: quality against forwards")
    .requiredOption("--model <folder>", "folder of the model")
    .requiredOption("--out <folder>", "where report and picture go")
    .option(
      "--samplers <list>",
      `comma between them, options after colons, | between values to try: ${knownNames("sampler")} (default: all)`,
    )
    .option(
      "--steps <list>",
      "numbers of steps, for samplers that have steps (default: 8,16,32,64)",
      positiveIntegers("--steps"),
    )
    .option("--data <file>", "text whose last tenth is the mark, and whose rest teaches the judge")
    .option(
      "--held-out <share>",
      "another share than the last tenth (default with --training-data: 1)",
      share("--held-out"),
    )
    .option("--training-data <file>", "text that the judge learns from, instead of the rest of --data")
    .option("--prompt <text>", "how every text begins; it is not measured itself", "")
    .option(
      "--guidance <list>",
      "scales of guidance towards the prompt to try with each sampler, as in 0,1,2",
      nonNegativeNumbers("--guidance"),
    )
    .option("--cache <kind>", "approximate caches for samplers in blocks: prefix or dual (default: none)")
    .option("--samples <number>", "texts of each sampler", positiveInteger("--samples"), 32)
    .option("--length <tokens>", "tokens of a text (default: as in training)", positiveInteger("--length"))
    .option(
      "--batch-size <texts>",
      "texts in one forward (default: 16, less for large vocabularies)",
      positiveInteger("--batch-size"),
    )
    .option("--seed <number>", "same seed, same texts", integer("--seed"), 0)
    .option(
      "--schedule <name>",
      `how noise grows with time: ${knownNames("schedule")} (default: the model's)`,
    )
    .option("--backend <name>", `where to compute: ${knownNames("backend")} (default: auto)`)
    .addOption(dtypeOption())
    .option(
      "--denoiser <name>",
      "what computes the model: huggingface, its weights, or onnx, its ONNX file (default: the weights, if there are any)",
    )
    .option("--config <file>", "config file (default: textdiffusion.config.* in this folder)")
    .option("--json", "print the report as JSON instead of the table")
    .addHelpText("after", examples)
    .action((options: LabOptions) => experiment(options, context));
}

// --- internal ---

async function experiment(options: LabOptions, context: CommandContext): Promise<void> {
  const { folder, out, notes, paintNotes, signal } = context;
  const { config } = await loadConfig(options.config, folder);
  const opened = await modelFolder(options.model, context);
  const samplers = options.samplers === undefined ? undefined : parseSamplers(options.samplers);
  const { data } = options;
  if (data === undefined && options.trainingData !== undefined) throw withoutData();
  const texts =
    data === undefined ? undefined : await evaluationTexts({ ...options, data }, { model: opened }, folder);
  const model = await loadTextDiffusion({
    ...config,
    folder: opened,
    backend: byName(options.backend) ?? config.backend,
    dtype: options.dtype ?? config.dtype,
    schedule: byName(options.schedule) ?? config.schedule,
    denoiser: adjustDenoiser(byName(options.denoiser) ?? config.denoiser, { cache: options.cache }),
  });
  const progress = stageProgress(notes, paintNotes);
  let settings: LaboratorySettings | undefined;
  const records: LaboratoryRecord[] = [];
  try {
    const { guidance, prompt, steps, samples, length, seed, batchSize } = options;
    progress.show("Preparing the judge", 0);
    const run = await laboratoryOptions(model, {
      samplers,
      guidance,
      prompt,
      steps,
      samples,
      length,
      seed,
      batchSize,
      trainingText: texts?.trainingText,
      heldOutText: texts?.heldOutText,
      signal,
    });
    await writeReportFolder(resolve(folder, options.out));
    for await (const event of laboratory({ ...run, model: options.model })) {
      match(event)
        .with({ kind: "started" }, (started) => {
          settings = started.settings;
        })
        .with({ kind: "progress" }, (step) => {
          const name = step.variant === undefined ? step.label : `${step.label}, ${step.variant}`;
          progress.show(`${step.run + 1} of ${run.entries.length}: ${name}`, step.share);
        })
        .with({ kind: "measured" }, ({ record }) => {
          records.push(record);
        })
        .with({ kind: "finished" }, () => undefined)
        .exhaustive();
      await setImmediate(); // backends that compute at once never let Ctrl-C be heard
    }
  } finally {
    progress.close();
    await model.dispose();
    if (settings !== undefined && records.length > 0) {
      const report = { ...settings, records };
      await writeReport(resolve(folder, options.out), report);
      out.write(options.json ? `${JSON.stringify(report)}\n` : laboratoryTable(report));
      notes.write(`${records.length} samplers measured; report and picture are in ${options.out}.\n`);
    }
  }
}

/** Before the work, so that a folder that cannot be written is known before it. */
async function writeReportFolder(folder: string): Promise<void> {
  await writing(folder, () => mkdir(folder, { recursive: true }));
}

async function writeReport(folder: string, report: LaboratoryReport): Promise<void> {
  await writing(folder, async () => {
    await writeFile(join(folder, "laboratory.json"), `${JSON.stringify(report, undefined, 2)}\n`);
    await writeFile(join(folder, "laboratory.txt"), laboratoryTable(report));
    await writeFile(join(folder, "laboratory.svg"), laboratoryPlot(report));
  });
}

/** @throws DiffusionError `FILE_NOT_WRITABLE` */
async function writing(folder: string, write: () => Promise<unknown>): Promise<void> {
  try {
    await write();
  } catch (cause) {
    throw new DiffusionError({
      code: "FILE_NOT_WRITABLE",
      component: "cli/lab",
      problem: `expected a folder that can be written at ${folder}, got ${cause instanceof Error ? cause.message : String(cause)}`,
      remedy: "Choose another folder with --out",
      cause,
    });
  }
}

function withoutData(): DiffusionError {
  return new DiffusionError({
    code: "CONFIG_INVALID",
    component: "cli/options",
    problem: "expected --data beside --training-data, got none",
    remedy: "Name natural text that the judge does not learn from, as the mark",
  });
}
