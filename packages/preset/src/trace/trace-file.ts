import { createReadStream } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import {
  DiffusionError,
  eventLines,
  type GenerationEvent,
  headerLine,
  readTrace,
  type Tokenizer,
  type Trace,
  type TraceHeader,
} from "@textdiffusion/core";

/**
 * Writes a run into a file while it happens, and hands every event on when its line is on its way to the disk: a run
 * that is killed leaves a file that can be read up to there. The file is made when the first event comes, so a run that
 * is refused leaves none.
 *
 * @throws DiffusionError `FILE_NOT_WRITABLE`, and what `events` throws
 */
export async function* recordTrace(
  file: string,
  header: TraceHeader,
  events: AsyncIterable<GenerationEvent>,
  tokenizer: Tokenizer,
): AsyncGenerator<GenerationEvent, void, void> {
  const lineOf = eventLines(tokenizer);
  let handle: FileHandle | undefined;
  const write = async (line: string) => {
    try {
      handle ??= await open(file, "w");
      await handle.writeFile(line);
    } catch (cause) {
      throw new DiffusionError({
        code: "FILE_NOT_WRITABLE",
        component: "textdiffusion/trace",
        problem: `expected a file that can be written at ${file}, got ${(cause as Error).message}`,
        remedy: "Choose another file for the trace",
        cause,
      });
    }
  };
  try {
    for await (const event of events) {
      if (handle === undefined) await write(`${headerLine(header)}\n`);
      await write(lineOf(event));
      yield event;
    }
  } finally {
    await handle?.close();
  }
}

/**
 * Opens a trace; its events are read from the file as they are asked for.
 *
 * @throws DiffusionError `FILE_NOT_FOUND`, and what `readTrace` throws
 */
export async function readTraceFile(file: string): Promise<Trace> {
  return readTrace(textOf(file), { source: file });
}

// --- internal ---

async function* textOf(file: string): AsyncGenerator<string, void, void> {
  try {
    for await (const block of createReadStream(file, { encoding: "utf8", highWaterMark: 2 ** 18 })) {
      yield block as string;
    }
  } catch (cause) {
    throw new DiffusionError({
      code: "FILE_NOT_FOUND",
      component: "textdiffusion/trace",
      problem: `expected a trace that can be read at ${file}, got ${(cause as Error).message}`,
      remedy: "Make one with textdiffusion generate --trace",
      cause,
    });
  }
}
