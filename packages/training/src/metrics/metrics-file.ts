import type { TrainingEvent } from "@textdiffusion/core";
import { writing } from "../checkpoints/durable-files.js";
import { appendLine, cutAfter } from "./step-lines.js";

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
        await appendLine(path, event);
      }),
  };
}
