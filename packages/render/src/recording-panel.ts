import type { RecordedFrame, Recording } from "./recording.js";

/** One recording on the page. */
export interface RecordingPanel {
  readonly recording: Recording;
  /** Where each frame begins, in [0, 1]. */
  readonly places: readonly number[];
  readonly element: HTMLElement;
  /** Of each position; shape [batch * seq]. */
  readonly cells: readonly HTMLElement[];
  /** The frame that is shown. */
  readonly frame: number;
  /** The same in words. */
  readonly state: string;
  /** Shows what is seen at a place in [0, 1]. */
  show(place: number, colouring: Colouring): void;
  /** The frame that is seen at a place in [0, 1]. */
  frameAt(place: number): number;
}

/** What the colour of a token tells: when it was written, how probable it was, or nothing. */
export type Colouring = "step" | "confidence" | "none";

/**
 * Draws one recording: its title, how far it is, and a paragraph for each row.
 *
 * Pages made by `replayHtml` carry the text of this function, so it uses nothing from outside itself but the browser.
 */
export function recordingPanel(recording: Recording, places: readonly number[]): RecordingPanel {
  /** How a cell looks from a frame on. */
  interface Moment {
    readonly frame: number;
    readonly text: string | null;
    readonly probability?: number;
  }

  const { frames, given, wideTokens } = recording;
  const last = frames.length;
  const untouched: RecordedFrame = {
    changes: [],
    masked: recording.cells.filter((text) => text === null).length,
    forwards: 0,
  };
  const moments: Moment[][] = recording.cells.map((text) => [{ frame: 0, text }]);
  frames.forEach(({ changes }, step) => {
    for (const [index, text, probability] of changes)
      moments[index].push({ frame: step + 1, text, probability });
  });

  const cells = recording.cells.map(() => document.createElement("span"));
  const rows = Array.from({ length: recording.batch }, (_, row) => {
    const paragraph = document.createElement("p");
    paragraph.append(...cells.slice(row * recording.seq, (row + 1) * recording.seq));
    return paragraph;
  });
  const title = document.createElement("h2");
  title.textContent = recording.title;
  const status = document.createElement("span");
  status.className = "state";
  const bar = document.createElement("div");
  const track = document.createElement("div");
  track.className = "bar";
  track.append(bar);
  const element = document.createElement("section");
  element.append(title, status, track, ...rows);

  let shown = "";
  let frame = 0;
  let state = "";

  return {
    recording,
    places,
    element,
    cells,
    get frame() {
      return frame;
    },
    get state() {
      return state;
    },
    show(place, colouring) {
      const key = `${frameAt(place)} ${colouring}`;
      if (key === shown) return;
      shown = key;
      frame = frameAt(place);
      drawCells(colouring);
      drawStatus();
    },
    frameAt,
  };

  function frameAt(place: number): number {
    return place >= 1 ? last : places.findLastIndex((each) => each <= place);
  }

  function drawCells(colouring: Colouring): void {
    const done = frame === last && (frames[last - 1]?.masked ?? 0) === 0;
    for (const row of rows) row.className = `${wideTokens ? "wide" : "narrow"}${done ? " whole" : ""}`;
    for (const [index, span] of cells.entries()) {
      let now = moments[index][0];
      for (const moment of moments[index]) if (moment.frame <= frame) now = moment;
      if (now.text === null) {
        span.className = "mask";
        span.style.color = "";
        span.textContent = wideTokens ? "mask" : "·";
        continue;
      }
      const fresh = now.frame > 0 && now.frame === frame && !done;
      span.className = given[index] ? "given" : fresh ? "fresh" : "";
      span.style.color = given[index] || now.frame === 0 ? "" : colourOf(now, colouring);
      span.textContent =
        done || given[index] ? now.text : now.text.replaceAll("\n", wideTokens ? "↵\n" : "↵");
    }
  }

  function drawStatus(): void {
    const { masked, forwards, elapsedMs, edited } = frame === 0 ? untouched : frames[frame - 1];
    const parts = [`step ${frame} of ${last}`, `${masked} masked`, `${forwards} forwards`];
    if (edited) parts.push("edited");
    if (elapsedMs !== undefined) parts.push(`${(elapsedMs / 1000).toFixed(1)} s`);
    state = parts.join(", ");
    status.textContent = parts.join(" · ");
    bar.style.width = `${(100 * frame) / Math.max(1, last)}%`;
  }

  /** Early steps are blue, late ones red; what was unlikely is red, what was sure is green. */
  function colourOf({ frame, probability }: Moment, colouring: Colouring): string {
    if (colouring === "none" || (colouring === "confidence" && probability === undefined)) return "";
    const hue =
      colouring === "step"
        ? 215 + (145 * (frame - 1)) / Math.max(1, last - 1)
        : 10 + 130 * (probability ?? 0);
    return `light-dark(hsl(${hue} 75% 36%), hsl(${hue} 80% 75%))`;
  }
}
