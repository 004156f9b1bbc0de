import type { Recording } from "./recording.js";

/** When each frame of recordings that run side by side is seen. */
export interface Timeline {
  /** Of each recording, where its frames begin, in [0, 1]. */
  readonly places: readonly (readonly number[])[];
  /** Of the whole replay, ms. */
  readonly durationMs: number;
}

/**
 * What runs side by side share: the time that they took, which is that of their ends where they were not timed (each goes
 * from beginning to end), or the number of the step.
 */
export type Clock = "time" | "steps";

/** Lasts between 3 and 30 seconds. Pages carry the text of this function, too. */
export function timelineOf(recordings: readonly Recording[], clock: Clock = "time"): Timeline {
  const times = recordings.map(({ frames }) => frames.at(-1)?.elapsedMs);
  const isTimed = clock === "time" && !times.includes(undefined);
  const measuredMs = isTimed ? Math.max(...(times as number[])) : undefined;
  const steps = Math.max(...recordings.map(({ frames }) => frames.length));
  return {
    places: recordings.map(({ frames }) => [
      0,
      ...frames.map(({ elapsedMs = 0 }, step) =>
        measuredMs ? elapsedMs / measuredMs : (step + 1) / (clock === "steps" ? steps : frames.length),
      ),
    ]),
    durationMs: Math.min(Math.max(measuredMs ?? steps * 120, 3000), 30_000),
  };
}
