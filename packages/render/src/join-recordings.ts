import type { CellChange, RecordedFrame, Recording } from "./recording.js";

/**
 * A recording up to one of its frames, and the recording of a run that went on from there. What was changed by hand in
 * between is a frame of its own, marked `edited`.
 *
 * @param frame - frames of `before` that are kept
 * @param after - of a page as large
 */
export function joinRecordings(before: Recording, frame: number, after: Recording): Recording {
  const kept = before.frames.slice(0, frame);
  const { forwards = 0, elapsedMs } = kept.at(-1) ?? {};
  const stood = cellsAfter(before.cells, kept);
  const changes = after.cells.flatMap((text, index): CellChange[] =>
    text === stood[index] ? [] : [[index, text]],
  );
  const masked = after.cells.filter((text) => text === null).length;
  const editedAtMs = elapsedMs === undefined ? undefined : elapsedMs + 1; // a moment of its own on the clock
  const edit: RecordedFrame = {
    changes,
    masked,
    forwards,
    edited: true,
    ...(editedAtMs !== undefined && { elapsedMs: editedAtMs }),
  };
  const edits = changes.length > 0 ? [edit] : [];
  const offsetMs = [...kept, ...edits].at(-1)?.elapsedMs ?? 0;
  const later = after.frames.map((each) =>
    each.elapsedMs === undefined ? each : { ...each, elapsedMs: each.elapsedMs + offsetMs },
  );
  return {
    ...after,
    cells: before.cells,
    given: before.given.map((given, index) => (given && after.given[index] ? 1 : 0)),
    frames: [...kept, ...edits, ...later],
  };
}

// --- internal ---

function cellsAfter(cells: Recording["cells"], frames: readonly RecordedFrame[]): readonly (string | null)[] {
  const shown = [...cells];
  for (const { changes } of frames) for (const [index, text] of changes) shown[index] = text;
  return shown;
}
