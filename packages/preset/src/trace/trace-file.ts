import { createReadStream } from "node:fs";
import { type FileHandle, open, stat } from "node:fs/promises";
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
 * is refused leaves none. An earlier trace under that name is replaced; anything else stays.
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
  await assertReplaceable(file);
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

/** What somebody else's file holds is not written over. @throws DiffusionError `FILE_NOT_WRITABLE` */
async function assertReplaceable(file: string): Promise<void> {
  const beginning = '{"format":"textdiffusion-trace"';
  let held: string;
  try {
    if (!(await stat(file)).isFile()) return; // reading a pipe would wait for its other end
    const handle = await open(file, "r");
    try {
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(beginning.length));
      held = buffer.toString("utf8", 0, bytesRead);
    } finally {
      await handle.close();
    }
  } catch {
    return; // there is none, or writing will say what is wrong with it
  }
  if (beginning.startsWith(held)) return; // a trace, or one that was cut off in its first line
  throw new DiffusionError({
    code: "FILE_NOT_WRITABLE",
    component: "textdiffusion/trace",
    problem: `expected no file at ${file}, or an earlier trace, got something else`,
    remedy: "Choose another file for the trace",
  });
}

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
