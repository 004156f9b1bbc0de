import { resolve } from "node:path";
import { setImmediate } from "node:timers/promises";
import { Command } from "commander";
import {
  byName,
  type EvaluationStage,
  evaluateTextDiffusion,
  loadTextDiffusion,
  type TextDiffusion,
  type WeightType,
} from "textdiffusion";
import { loadConfig } from "../config/load-config.js";
import { modelFolder } from "../config/model-folder.js";
import { assertPictureFile, writePicture } from "../config/picture-file.js";
import { stageProgress } from "../progress/stage-progress.js";
import type { CommandContext } from "./context.js";
import { describeEvaluation } from "./describe-evaluation.js";
import { dtypeOption } from "./dtype-option.js";
import { evaluationPicture } from "./evaluation-picture.js";
import { evaluationTexts, type TextOptions } from "./evaluation-texts.js";
import { knownNames } from "./known-names.js";
import { integer, naturalNumber, positiveInteger, share } from "./option-values.js";

interface EvalOptions extends TextOptions {
  readonly model: string;
  readonly beside?: string;
  readonly rows: number;
  readonly samples: number;
  readonly batchSize?: number;
  readonly seed: number;
  readonly backend?: string;
  readonly dtype?: WeightType;
  readonly denoiser?: string;
  readonly config?: string;
  readonly picture?: string;
  readonly json?: true;
}

const examples = `
Examples:
  On the tenth of the text that training held back; the rest teaches the baselines:
    $ textdiffusion eval --model my-model --data my-text.txt
  On another text, with all of its rows:
    $ textdiffusion eval --model my-model --data other.txt --training-data my-text.txt --rows 100000
  What fine-tuning gave, with the difference and its standard error:
    $ textdiffusion eval --model my-model --beside roberta-base --data my-text.txt
  As a picture:
    $ textdiffusion eval --model my-model --data my-text.txt --picture evaluation.svg
  For another program:
    $ textdiffusion eval --model my-model --data my-text.txt --json

What each figure means, and where it misleads: docs/evaluation.md of the project.`;

export function evalCommand(context: CommandContext): Command {
  return new Command("eval")
    .description("how good a model is: likelihood, loss by mask rate, samples, baselines")
    .requiredOption("--model <folder>", "folder of the model")
    .requiredOption(
      "--data <file>",
      "text to evaluate on: a file, folder or pattern, also .gz, .jsonl or .parquet",
    )
    .option(
      "--held-out <share>",
      "evaluate on the last share of it (default: 0.1, or 1 with --training-data)",
      share("--held-out"),
    )
    .option(
      "--beside <folder>",
      "another model to score on the same rows and masks: the one before fine-tuning, or tiny",
    )
    .option("--training-data <file>", "text that the baselines learn from (default: what is not held out)")
    .option(
      "--rows <number>",
      "rows of text that are scored, spread over the text",
      positiveInteger("--rows"),
      128,
    )
    .option("--samples <number>", "texts to write and measure", naturalNumber("--samples"), 16)
    .option(
      "--batch-size <rows>",
      "rows in one forward (default: 16, less for large vocabularies)",
      positiveInteger("--batch-size"),
    )
    .option("--seed <number>", "same seed, same figures", integer("--seed"), 0)
    .option("--backend <name>", `where to compute: ${knownNames("backend")} (default: auto)`)
    .addOption(dtypeOption())
    .option(
      "--denoiser <name>",
      "what computes the model: huggingface, its weights, or onnx, its ONNX file (default: the weights, if there are any)",
    )
    .option("--config <file>", "config file (default: textdiffusion.config.* in this folder)")
    .option("--picture <file>", "draw it into FILE.svg, or FILE.html, a page")
    .option("--json", "print one JSON document and nothing else")
    .addHelpText("after", examples)
    .action((options: EvalOptions) => evaluate(options, context));
}

// --- internal ---

async function evaluate(options: EvalOptions, context: CommandContext): Promise<void> {
  const { folder, out, notes, paintNotes, signal } = context;
  const picture = options.picture === undefined ? undefined : resolve(folder, options.picture);
  const kind = picture === undefined ? undefined : await assertPictureFile(picture, ["svg", "html"]);
  const { config } = await loadConfig(options.config, folder);
  const opened = await modelFolder(options.model, context);
  const besideOpened = options.beside && (await modelFolder(options.beside, context, "--beside"));
  const texts = await evaluationTexts(options, { model: opened, beside: besideOpened }, folder);
  const backend = byName(options.backend) ?? config.backend;
  const dtype = options.dtype ?? config.dtype;
  const model = await loadTextDiffusion({
    ...config,
    folder: opened,
    backend,
    dtype,
    denoiser: byName(options.denoiser) ?? config.denoiser,
  });
  const progress = stageProgress(notes, paintNotes);
  let beside: TextDiffusion | undefined;
  try {
    if (besideOpened) {
      beside = await loadTextDiffusion({ plugins: config.plugins, folder: besideOpened, backend, dtype });
    }
    for (const warning of texts.warnings) progress.note(paintNotes("fair", warning));
    const { rows, samples, seed, batchSize } = options;
    const evaluation = await evaluateTextDiffusion(model, {
      heldOutText: texts.heldOutText,
      trainingText: texts.trainingText,
      beside,
      rows,
      samples,
      seed,
      batchSize,
      signal,
      onProgress: async (stage, done, total) => {
        progress.show(stageNames[stage], done / total);
        await setImmediate(); // backends that compute at once never let Ctrl-C be heard
      },
    });
    progress.close();
    const { share: heldOut, fingerprint } = texts;
    const settings = {
      ...model.settings,
      model: options.model,
      beside: options.beside,
      data: options.data,
      fingerprint,
      trainingData: options.trainingData,
      heldOut,
      seed,
    };
    out.write(
      options.json
        ? `${JSON.stringify({ ...evaluation, settings })}\n`
        : describeEvaluation(evaluation, settings, context.paintOut),
    );
    // Last: a picture that cannot be drawn loses no figure.
    if (picture === undefined || kind === undefined) return;
    await writePicture(picture, evaluationPicture(kind, evaluation, settings));
    if (!options.json) progress.note(paintNotes("dim", `The picture is in ${options.picture}.`));
  } finally {
    progress.close();
    await beside?.dispose();
    await model.dispose();
  }
}

const stageNames: Readonly<Record<EvaluationStage, string>> = {
  likelihood: "Scoring rows under many masks",
  "loss curve": "Scoring fixed mask rates",
  "likelihood beside": "Scoring the same with the model beside",
  "loss curve beside": "Scoring the same mask rates with the model beside",
  baselines: "Counting n-grams",
  samples: "Writing samples",
};
