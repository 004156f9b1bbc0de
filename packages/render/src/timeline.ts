import type { Recording } from "./recording.js";

/** When each frame of recordings that run side by side is seen. */
export interface Timeline {
  /** Of each recording, where its frames begin, in [0, 1]. */
  readonly places: readonly (readonly number[])[];
  /** Of the whole replay, ms. */
  readonly durationMs: number;
}

/**
 * By the clock where all recordings were timed, else each from beginning to end; between 3 and 30 seconds. Pages carry the
 * text of this function, too.
 */
export function timelineOf(recordings: readonly Recording[]): Timeline {
  const times = recordings.map(({ frames }) => frames.at(-1)?.elapsedMs);
  const measuredMs = times.includes(undefined) ? undefined : Math.max(...(times as number[]));
  const steps = Math.max(...recordings.map(({ frames }) => frames.length));
  return {
    places: recordings.map(({ frames }) => [
      0,
      ...frames.map(({ elapsedMs = 0 }, step) =>
        measuredMs ? elapsedMs / measuredMs : (step + 1) / frames.length,
      ),
    ]),
    durationMs: Math.min(Math.max(measuredMs ?? steps * 120, 3000), 30_000),
  };
}
