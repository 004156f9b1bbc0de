import type { Recording } from "@textdiffusion/render";

/** Puts what runs have taken, up to the frames that are shown, into a table; one run alone needs none. */
export function showNumbers(
  table: HTMLTableElement,
  recordings: readonly Recording[],
  frames: readonly number[],
): void {
  table.hidden = recordings.length < 2;
  if (table.hidden) return;
  const body = table.tBodies[0];
  body.replaceChildren(
    ...recordings.map((recording, run) => {
      const row = document.createElement("tr");
      const head = document.createElement("th");
      head.scope = "row";
      head.textContent = recording.title;
      row.append(head);
      for (const text of numbersAt(recording, frames[run] ?? 0)) row.insertCell().textContent = text;
      return row;
    }),
  );
}

// --- internal ---

/** Steps, passes, seconds, tokens settled, tokens a pass. */
function numbersAt({ cells, frames }: Recording, frame: number): string[] {
  const atStart = cells.filter((text) => text === null).length;
  const { masked, forwards, elapsedMs } = frames[frame - 1] ?? {
    masked: atStart,
    forwards: 0,
    elapsedMs: undefined,
  };
  const settled = atStart - masked;
  return [
    `${frame} of ${frames.length}`,
    String(forwards),
    elapsedMs === undefined ? "–" : (elapsedMs / 1000).toFixed(1),
    `${settled} of ${atStart}`,
    forwards === 0 ? "–" : (settled / forwards).toFixed(1),
  ];
}
