import { setImmediate } from "node:timers/promises";
import { printable } from "@textdiffusion/render";
import type { Command } from "commander";
import type { GenerationEvent, TextDiffusion, Tokenizer } from "textdiffusion";
import { match } from "ts-pattern";
import { animate } from "../animation/animate.js";
import { formatDuration } from "../terminal/quantities.js";
import type { CommandContext } from "./context.js";
import { naturalNumber } from "./option-values.js";

/** How a generation is shown, as the command line says it. */
export interface ShowOptions {
  readonly json?: true;
  readonly animation: boolean;
  readonly showConfidence?: true;
  readonly delay: number;
}

/** Adds the options of every command that generates. */
export function addShowOptions(command: Command): Command {
  return command
    .option("--json", "print one JSON document and nothing else")
    .option("--no-animation", "print the text when it is done, even on a terminal")
    .option("--show-confidence", "colour each token by how sure the model was")
    .option("--delay <ms>", "least time that each step stays on the screen", naturalNumber("--delay"), 60);
}

export interface ShownGeneration {
  readonly events: AsyncIterable<GenerationEvent>;
  readonly model: TextDiffusion;
  readonly seed: number;
  readonly options: ShowOptions;
  readonly context: CommandContext;
  /** What is about to happen, for where there is nothing to see. */
  readonly announcement: string;
  /** What the JSON document says besides. */
  readonly alsoInJson?: object;
}

/** Runs a generation to its end: on a terminal as it happens, elsewhere the texts, or one JSON document. */
export async function showGeneration(shown: ShownGeneration): Promise<void> {
  const { events, model, seed, options, context, announcement, alsoInJson } = shown;
  const { out, notes, paintOut, paintNotes } = context;
  const { json } = options;
  const tokenizer = await model.get("tokenizer");
  const animated = options.animation && json === undefined && out.isTTY === true;
  if (!animated && !json) notes.write(`${announcement}\n`);
  const startedAt = performance.now();
  const result = await finished(
    animated
      ? animate(events, {
          tokenizer,
          title: (await model.get("sampler")).name,
          stream: out,
          paint: paintOut,
          confidence: options.showConfidence,
          stepMs: options.delay,
        })
      : events,
    tokenizer,
  );
  if (json) {
    out.write(`${JSON.stringify({ ...result, ...alsoInJson, seed, config: model.settings })}\n`);
    return;
  }
  if (!animated) printTexts(result.texts, context);
  const elapsed = formatDuration(performance.now() - startedAt);
  const summary = `${result.steps} steps, ${result.forwards} forwards, ${elapsed}. The same again: --seed ${seed}`;
  notes.write(`${paintNotes("dim", summary)}\n`);
}

// --- internal ---

interface Result {
  readonly texts: readonly string[];
  /** Token ids, one list a text. */
  readonly ids: readonly (readonly number[])[];
  readonly steps: number;
  readonly forwards: number;
}

async function finished(events: AsyncIterable<GenerationEvent>, tokenizer: Tokenizer): Promise<Result> {
  let seq = 0;
  let result: Result = { texts: [], ids: [], steps: 0, forwards: 0 };
  for await (const event of events) {
    match(event)
      .with({ kind: "started" }, (started) => {
        seq = started.seq;
      })
      .with({ kind: "step" }, () => undefined)
      .with({ kind: "finished" }, ({ ids, steps, forwards }) => {
        const rows = Array.from({ length: ids.length / seq }, (_, row) =>
          ids.slice(row * seq, (row + 1) * seq),
        );
        const texts = rows.map((row) => tokenizer.decode(row));
        result = { texts, ids: rows.map((row) => [...row]), steps, forwards };
      })
      .exhaustive();
    await setImmediate(); // backends that compute at once never let Ctrl-C be heard
  }
  return result;
}

/** The texts as they are to another program, without control characters to a terminal. */
function printTexts(texts: readonly string[], { out, paintOut }: CommandContext): void {
  texts.forEach((text, index) => {
    const label = `${index > 0 ? "\n" : ""}── ${index + 1} of ${texts.length} ──`;
    if (texts.length > 1) out.write(`${paintOut("dim", label)}\n`);
    out.write(`${out.isTTY === true ? printable(text) : text}\n`);
  });
}
