import { relative, resolve } from "node:path";
import { Command, Option } from "commander";
import { type ExportStage, exportOnnxModel, exportWeights, type OnnxExport } from "textdiffusion";
import { modelFolder } from "../config/model-folder.js";
import { stageProgress } from "../progress/stage-progress.js";
import { formatBytes, formatCount } from "../terminal/quantities.js";
import type { CommandContext } from "./context.js";

interface ExportCommandOptions {
  readonly model: string;
  readonly out: string;
  readonly format: "onnx" | "huggingface";
  readonly dtype: "fp32" | "fp16";
  readonly externalData?: true;
  readonly force?: true;
}

const examples = `
Examples:
  A folder that onnxruntime, transformers.js and this command open:
    $ textdiffusion export --model my-model --out my-model-onnx
    $ textdiffusion generate --model my-model-onnx --prompt "Once"
  Beside the weights of the model itself, as on the Hugging Face hub:
    $ textdiffusion export --model my-model --out my-model
  A model folder without its checkpoints, half as large; a checkpoint is a model folder, too:
    $ textdiffusion export --model my-model --out my-model-half --format huggingface --dtype fp16
  The file alone:
    $ textdiffusion export --model my-model --out my-model.onnx

Inputs are input_ids and attention_mask (and token_type_ids for BERT), int64, of any batch and length; the output is
logits: as Hugging Face's optimum exports them. More in docs/onnx.md of the project.`;

export function exportCommand(context: CommandContext): Command {
  return new Command("export")
    .description(
      "write a model as an ONNX file, for other runtimes and for the browser, or as a folder to give away",
    )
    .requiredOption("--model <folder>", "folder of the model")
    .requiredOption("--out <file-or-folder>", "FILE.onnx, or a folder that gets onnx/model.onnx and the rest")
    .addOption(
      new Option("--format <name>", "what to write").choices(["onnx", "huggingface"]).default("onnx"),
    )
    .addOption(
      new Option("--dtype <name>", "of the weights, with --format huggingface")
        .choices(["fp32", "fp16"])
        .default("fp32"),
    )
    .option(
      "--external-data",
      "weights in a file beside the model (from 2 GiB on they are in any case: a file can hold no more)",
    )
    .option("--force", "write over files that were not exported from here")
    .addHelpText("after", examples)
    .action((options: ExportCommandOptions) => exportModel(options, context));
}

// --- internal ---

async function exportModel(options: ExportCommandOptions, context: CommandContext): Promise<void> {
  const { folder, notes, paintNotes } = context;
  const progress = stageProgress(notes, paintNotes);
  try {
    const { force, externalData, format, dtype } = options;
    const [model, out] = [await modelFolder(options.model, context), resolve(folder, options.out)];
    if (format === "huggingface") {
      progress.show(stageNames.read, 0);
      const { parameters, architecture, bytes } = await exportWeights({ model, out, dtype, force });
      progress.close();
      notes.write(
        `${architecture} of ${formatCount(parameters)} parameters in ${dtype}: ${options.out} (${formatBytes(bytes)} of weights)\n`,
      );
      return;
    }
    const written = await exportOnnxModel({
      model,
      out,
      force,
      externalData,
      onStage: (stage) => progress.show(stageNames[stage], stage === "read" ? 0 : 0.5),
    });
    progress.close();
    notes.write(`${describe(written, folder)}\n`);
  } finally {
    progress.close();
  }
}

const stageNames: Readonly<Record<ExportStage, string>> = {
  read: "Reading the model",
  record: "Recording and writing",
};

function describe({ model, architecture, parameters, folder }: OnnxExport, from: string): string {
  const size = ({ file, bytes }: { readonly file: string; readonly bytes: number }) =>
    `${relative(from, file)} (${formatBytes(bytes)})`;
  const axes = (shape: readonly (number | string)[]) => `[${shape.join(", ")}]`;
  const inputs = model.inputs.map(({ name }) => name).join(", ");
  const [logits] = model.outputs;
  return [
    `${architecture} of ${formatCount(parameters)} parameters: ${size(model)}${model.external ? ` and ${size(model.external)}` : ""}`,
    `  opset ${model.opset}; ${inputs}: ${model.inputs[0].type} ${axes(model.inputs[0].shape)}; ${logits.name}: ${logits.type} ${axes(logits.shape)}`,
    ...(folder === undefined ? [] : [`  a model folder: ${relative(from, folder) || "."}`]),
  ].join("\n");
}
