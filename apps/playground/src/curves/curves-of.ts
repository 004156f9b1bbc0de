import type { Recording } from "@textdiffusion/render";
import type { Curve } from "@textdiffusion/render/chart";

/** The curves of runs: of each recording one, or a pair. x is the step, counted from 1; 0 is before the first. */
export interface RunCurves {
  /** Mean entropy of the masked positions before the step, in nats. */
  readonly entropy: readonly Curve[];
  /** Tokens that are still masked, and how many fewer than before the step. */
  readonly tokens: readonly (readonly [remaining: Curve, settled: Curve])[];
}

export function curvesOf(recordings: readonly Recording[]): RunCurves {
  const isAlone = recordings.length === 1;
  const name = (recording: Recording, what: string) => (isAlone ? what : `${recording.title}: ${what}`);
  return {
    entropy: recordings.map((recording, run) => ({
      name: isAlone ? "entropy" : recording.title,
      colour: colourOf(run),
      points: recording.frames.flatMap(({ entropy }, frame) =>
        entropy === undefined ? [] : [[frame + 1, entropy] as const],
      ),
    })),
    tokens: recordings.map((recording, run) => {
      const { cells, frames } = recording;
      const masked = [cells.filter((text) => text === null).length, ...frames.map((frame) => frame.masked)];
      return [
        {
          name: name(recording, "remaining"),
          colour: colourOf(run),
          points: masked.map((count, step) => [step, count] as const),
        },
        {
          name: name(recording, "settled"),
          colour: colourOf(isAlone ? 1 : run),
          faint: !isAlone,
          points: masked.slice(1).map((count, step) => [step + 1, masked[step] - count] as const),
        },
      ];
    }),
  };
}

// --- internal ---

const colours = [
  "light-dark(#3457d5, #8ea6ff)",
  "light-dark(#b03a2e, #ff9d84)",
  "light-dark(#1f7d57, #4fd3a0)",
  "light-dark(#8a5a00, #e8a33d)",
];

const colourOf = (run: number) => colours[run % colours.length];
