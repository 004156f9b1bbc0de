import { basename, relative } from "node:path";
import { Command, CommanderError } from "commander";
import { DiffusionError } from "textdiffusion";
import { compareCommand } from "./commands/compare.js";
import type { CommandContext } from "./commands/context.js";
import { countTokensCommand } from "./commands/count-tokens.js";
import { doctorCommand } from "./commands/doctor.js";
import { evalCommand } from "./commands/eval.js";
import { exportCommand } from "./commands/export.js";
import { forkCommand } from "./commands/fork.js";
import { generateCommand } from "./commands/generate.js";
import { initCommand } from "./commands/init.js";
import { labCommand } from "./commands/lab.js";
import { pluginsCommand } from "./commands/plugins.js";
import { prepareCommand } from "./commands/prepare.js";
import { pullCommand } from "./commands/pull.js";
import { renderCommand } from "./commands/render.js";
import { replayCommand } from "./commands/replay.js";
import { reportCommand } from "./commands/report.js";
import { schemaCommand } from "./commands/schema.js";
import { trainCommand } from "./commands/train.js";
import { trainTokenizerCommand } from "./commands/train-tokenizer.js";
import { paintFor } from "./terminal/paint.js";
import { packageVersion } from "./version.js";

/** Exit codes of the command. */
export const EXIT = { done: 0, failed: 1, badInput: 2, interrupted: 130 } as const;

const introduction = `
Train a small model on a text of yours, then watch it write:
  $ textdiffusion train --data my-text.txt --model new --out my-model
  $ textdiffusion generate --model my-model --prompt "Once"

Go on with a published model:
  $ textdiffusion train --data my-text.txt --model FacebookAI/roberta-base --out my-model

Keep a run, watch it again, and change its course:
  $ textdiffusion generate --model my-model --prompt "Once" --trace run.jsonl
  $ textdiffusion replay run.jsonl
  $ textdiffusion render run.jsonl --out run.html
  $ textdiffusion fork run.jsonl --at 5 --seed 8 --out fork.jsonl

How good is it, and which sampler suits it:
  $ textdiffusion eval --model my-model --data my-text.txt
  $ textdiffusion lab --model my-model --data my-text.txt --out lab

Beside a model that writes one token after the other:
  $ textdiffusion compare --model my-model --beside gpt2 --prompt "Once" --picture race.html

For other runtimes and the browser, as an ONNX file:
  $ textdiffusion export --model my-model --out my-model-onnx

What this machine can do:
  $ textdiffusion doctor

Each command explains itself: textdiffusion train --help`;

/**
 * The whole command: parses, runs, prints.
 *
 * Ctrl-C ends the work at the next safe moment, training after it saved; a second Ctrl-C ends it at once.
 *
 * @param args - what the user wrote after the command's name
 * @returns the exit code
 */
export async function main(args: readonly string[]): Promise<number> {
  const interruption = new AbortController();
  let interruptedAt = 0;
  const interrupt = () => {
    // One Ctrl-C can arrive twice, from the terminal and from npm.
    if (interruption.signal.aborted && performance.now() - interruptedAt < 500) return;
    if (interruption.signal.aborted) process.exit(EXIT.interrupted);
    interruptedAt = performance.now();
    interruption.abort();
  };
  process.on("SIGINT", interrupt).on("SIGTERM", interrupt);
  process.stdout.on("error", leaveQuietlyWhenNobodyReads);
  const context: CommandContext = {
    command: commandOf(process.argv[1] ?? ""),
    folder: process.cwd(),
    out: process.stdout,
    notes: process.stderr,
    paintOut: paintFor(process.stdout, process.env),
    paintNotes: paintFor(process.stderr, process.env),
    signal: interruption.signal,
  };
  try {
    await program(context).parseAsync([...args], { from: "user" });
    return interruption.signal.aborted ? EXIT.interrupted : EXIT.done;
  } catch (error) {
    return explain(error, context, args.includes("--debug"));
  } finally {
    process.off("SIGINT", interrupt).off("SIGTERM", interrupt);
  }
}

// --- internal ---

function program(context: CommandContext): Command {
  const command = new Command("textdiffusion")
    .description("Masked text diffusion: models that write by filling in a page of masks.")
    .version(packageVersion(), "-v, --version", "print the version")
    .option("--debug", "print where in the code an error came from")
    .addHelpText("after", introduction)
    .addCommand(initCommand(context))
    .addCommand(pullCommand(context))
    .addCommand(trainCommand(context))
    .addCommand(reportCommand(context))
    .addCommand(generateCommand(context))
    .addCommand(replayCommand(context))
    .addCommand(renderCommand(context))
    .addCommand(forkCommand(context))
    .addCommand(evalCommand(context))
    .addCommand(labCommand(context))
    .addCommand(compareCommand(context))
    .addCommand(exportCommand(context))
    .addCommand(prepareCommand(context))
    .addCommand(trainTokenizerCommand(context))
    .addCommand(countTokensCommand(context))
    .addCommand(pluginsCommand(context))
    .addCommand(schemaCommand(context))
    .addCommand(doctorCommand(context));
  for (const each of [command, ...command.commands]) {
    each
      .exitOverride()
      .showSuggestionAfterError()
      .showHelpAfterError(`Try: textdiffusion ${each === command ? "" : `${each.name()} `}--help`)
      .configureHelp({ showGlobalOptions: true });
  }
  return command;
}

/** What went wrong, in one line. */
function explain(error: unknown, { notes, paintNotes, signal }: CommandContext, debug: boolean): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.badInput; // it has printed already
  if (signal.aborted && DiffusionError.is(error, "ABORTED")) {
    notes.write("Interrupted.\n");
    return EXIT.interrupted;
  }
  const known = DiffusionError.is(error);
  const message = error instanceof Error ? error.message : String(error);
  notes.write(`${paintNotes("poor", known ? "error:" : "unexpected error:")} ${message}\n`);
  if (debug) notes.write(`${error instanceof Error ? error.stack : ""}\n${causesOf(error)}`);
  else if (!known)
    notes.write("This should not have happened. Run it again with --debug to see where it comes from.\n");
  return known ? EXIT.badInput : EXIT.failed;
}

function causesOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause === undefined
    ? ""
    : `caused by ${cause instanceof Error ? cause.stack : String(cause)}\n${causesOf(cause)}`;
}

/** What to type to run this program again. */
function commandOf(script: string): string {
  if (!/^textdiffusion(\.js)?$/.test(basename(script))) return `node ${relative(process.cwd(), script)}`;
  return script.includes("node_modules") ? "npx textdiffusion" : "textdiffusion";
}

/** `textdiffusion generate | head -1` closes the pipe: that is no error. */
function leaveQuietlyWhenNobodyReads(error: NodeJS.ErrnoException): void {
  if (error.code === "EPIPE") process.exit(EXIT.done);
  throw error;
}
