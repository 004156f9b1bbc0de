import { appendFile, mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { writing } from "../checkpoints/durable-files.js";
import type { TrainingEvent } from "../trainer/events.js";

/** A file of training events, one JSON object a line. */
export interface MetricsFile {
  /**
   * Appends the event. A started event first takes away what the run is about to repeat: every line of a later step,
   * a line cut short by a kill, and, for a run that begins anew, the whole file.
   *
   * @throws DiffusionError `FILE_NOT_WRITABLE`
   */
  write(event: TrainingEvent): Promise<void>;
}

export function createMetricsFile(path: string): MetricsFile {
  return {
    write: (event) =>
      writing(path, async () => {
        if (event.kind === "started") await cutAfter(path, event.resumed ? event.step : -1);
        await appendFile(path, `${JSON.stringify(event)}\n`);
      }),
  };
}

// --- internal ---

/** Leaves the lines of steps up to `step`, in a new file that takes the old one's name. */
async function cutAfter(path: string, step: number): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const text = await readFile(path, "utf8").catch(() => "");
  const kept = text.split("\n").filter((line) => stepOf(line) <= step);
  await writeFile(`${path}.new`, kept.map((line) => `${line}\n`).join(""));
  await rename(`${path}.new`, path);
}

/** Infinity for a line that is not an event. */
function stepOf(line: string): number {
  try {
    return (JSON.parse(line) as TrainingEvent).step;
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}
