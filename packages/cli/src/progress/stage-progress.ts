import { displayWidth } from "@textdiffusion/render";
import { LiveRegion, type TerminalStream } from "../terminal/live-region.js";
import type { Paint } from "../terminal/paint.js";
import { progressBar } from "../terminal/quantities.js";

/** What the user sees of work in stages. */
export interface StageProgress {
  /** @param share - of the stage, in [0, 1] */
  show(stage: string, share: number): void;
  /** A line that stays. */
  note(line: string): void;
  /** Gives the terminal back. A second call does nothing. */
  close(): void;
}

/** A bar that moves on a terminal; anywhere else a line when a stage begins. */
export function stageProgress(stream: TerminalStream, paint: Paint): StageProgress {
  if (stream.isTTY !== true) {
    let last = "";
    return {
      show: (stage) => {
        if (stage !== last) stream.write(`${stage} ...\n`);
        last = stage;
      },
      note: (line) => stream.write(`${line}\n`),
      close: () => undefined,
    };
  }
  const region = new LiveRegion(stream);
  return {
    show: (stage, share) => {
      const room = Math.min(30, region.width - displayWidth(stage) - 3);
      region.draw(room < 4 ? stage : `${paint("good", progressBar(share, room))}  ${stage}`);
    },
    note: (line) => region.print(line),
    close: () => region.close(),
  };
}
