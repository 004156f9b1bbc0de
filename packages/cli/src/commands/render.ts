import { relative, resolve } from "node:path";
import { type Recording, recordAll } from "@textdiffusion/render";
import { Command } from "commander";
import { readTraceFile } from "textdiffusion";
import { assertReplayFile, drawReplay, writePicture } from "../config/picture-file.js";
import type { CommandContext } from "./context.js";
import { describeEnding, titleOf } from "./replay.js";

interface RenderOptions {
  readonly out: string;
}

const examples = `
Examples:
  A page that shows how a text came about:
    $ textdiffusion generate --model fables --prompt "The fox" --trace run.jsonl
    $ textdiffusion render run.jsonl --out run.html
  Two samplers side by side:
    $ textdiffusion render confidence.jsonl random.jsonl --out samplers.html

  As a picture that moves, as a strip of moments for paper, as text:
    $ textdiffusion render run.jsonl --out run.gif
    $ textdiffusion render run.jsonl --out run.png
    $ textdiffusion render run.jsonl --out run.txt

The page is complete in itself and loads nothing. Keys: space, arrows, Home, End.`;

export function renderCommand(context: CommandContext): Command {
  return new Command("render")
    .description("draw traced runs: a page or a GIF that replays them, a strip of moments, text")
    .argument("<traces...>", "files made by generate --trace or by fork; several stand side by side")
    .requiredOption("--out <file>", "FILE.html, FILE.gif, FILE.png or FILE.txt")
    .addHelpText("after", examples)
    .action((files: readonly string[], options: RenderOptions) => render(files, options, context));
}

// --- internal ---

async function render(
  files: readonly string[],
  options: RenderOptions,
  { folder, notes, paintNotes }: CommandContext,
): Promise<void> {
  const out = resolve(folder, options.out);
  const kind = await assertReplayFile(out);
  const recordings: Recording[] = [];
  for (const file of files) {
    const trace = await readTraceFile(resolve(folder, file));
    try {
      const { wideTokens } = trace.header.tokenizer;
      recordings.push(await recordAll(trace.events, trace.tokenizer, { title: titleOf(trace), wideTokens }));
      const end = describeEnding(file, trace.ending());
      if (end !== undefined) notes.write(`${paintNotes("fair", end)}\n`);
    } finally {
      await trace.events.return();
    }
  }
  await writePicture(out, drawReplay(kind, recordings));
  notes.write(`The replay is in ${relative(folder, out)}.\n`);
}
