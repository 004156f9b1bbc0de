import type { Recording } from "./recording.js";

/** A token that a reader points at or chooses: `detail` of the events `token-choose` and `token-point`. */
export interface TokenDetail {
  /** Which of the recordings that are shown. */
  readonly recording: number;
  /** Its frame that is shown; 0 is before the first step. */
  readonly frame: number;
  readonly row: number;
  readonly position: number;
  /** What it shows, null where a mask stands. */
  readonly text: string | null;
  readonly given: boolean;
  /** Where it stands, as `getBoundingClientRect` says. */
  readonly bounds: DOMRect;
}

/** What a reader has selected, by mouse or key: `detail` of the event `token-select`. */
export interface TokenSelectionDetail {
  readonly recording: number;
  readonly frame: number;
  readonly row: number;
  /** Ascending; none where nothing is selected any more. */
  readonly positions: readonly number[];
}

/** Something to say of a token beside what it shows: a word, which is its `part` for style sheets, and is read out. */
export interface TokenMark {
  readonly recording: number;
  /** `row * seq + position` */
  readonly index: number;
  readonly mark: string;
}

/** A recording as it is shown. */
export interface ShownRecording {
  readonly recording: Recording;
  readonly frame: number;
  readonly cells: readonly HTMLElement[];
}

export interface TokenChoosing {
  /** Default true. */
  active: boolean;
  marks: readonly TokenMark[];
  /** After each change of what is shown. */
  refresh(): void;
  /** Puts the focus on a token. */
  focus(recording: number, index: number): void;
}

/**
 * Makes the tokens that an element shows buttons, one of which is a stop of the Tab key: arrows go to the next, with Shift
 * they select, Home and End go to the ends, Enter and Space choose.
 *
 * The element emits `token-choose`, `token-point` (under the pointer or in focus), `token-leave` and `token-select`.
 */
export function tokenChoosing(
  host: HTMLElement,
  root: ShadowRoot,
  shown: () => readonly ShownRecording[],
): TokenChoosing {
  let active = true;
  let marks: readonly TokenMark[] = [];
  /** The stop of the Tab key. */
  let stop: readonly [recording: number, index: number] = [0, 0];
  let hasFocus = false;
  /** Where a selection by key began. */
  let anchor: number | undefined;
  let selected = "";

  const emit = (name: string, detail?: TokenDetail | TokenSelectionDetail) =>
    host.dispatchEvent(new CustomEvent(name, { detail, bubbles: true, composed: true }));
  const placeOf = (target: EventTarget | null): readonly [number, number] | undefined => {
    const all = active ? shown() : [];
    for (let recording = 0; recording < all.length; recording++) {
      const index = all[recording].cells.indexOf(target as HTMLElement);
      if (index >= 0) return [recording, index];
    }
    return undefined;
  };
  const detailOf = ([recording, index]: readonly [number, number]): TokenDetail => {
    const { recording: run, frame, cells } = shown()[recording];
    return {
      recording,
      frame,
      row: Math.floor(index / run.seq),
      position: index % run.seq,
      text: textAt(run, frame, index),
      given: run.given[index] === 1,
      bounds: cells[index].getBoundingClientRect(),
    };
  };
  const focusOn = (recording: number, index: number) => {
    const before = shown()[stop[0]]?.cells[stop[1]];
    if (before) before.tabIndex = -1;
    stop = [recording, index];
    const cell = shown()[recording]?.cells[index];
    if (cell) cell.tabIndex = 0;
    cell?.focus();
  };

  root.addEventListener("click", ({ target }) => {
    const place = placeOf(target);
    if (!place || !getSelection()?.isCollapsed) return; // the end of a selection is no choice
    focusOn(...place);
    emit("token-choose", detailOf(place));
  });
  for (const name of ["pointerover", "focusin"] as const) {
    root.addEventListener(name, ({ target }) => {
      const place = placeOf(target);
      if (!place) return;
      if (name === "focusin") hasFocus = true;
      emit("token-point", detailOf(place));
    });
  }
  for (const name of ["pointerout", "focusout"] as const) {
    root.addEventListener(name, ({ target }) => {
      if (!placeOf(target)) return; // what is drawn anew keeps its focus
      if (name === "focusout") hasFocus = false;
      emit("token-leave");
    });
  }
  root.addEventListener("keydown", (event) => {
    const { key, shiftKey, target } = event as KeyboardEvent;
    const place = placeOf(target);
    if (!place) return;
    const [recording, index] = place;
    const { cells } = shown()[recording];
    const next: Record<string, number> = {
      ArrowLeft: index - 1,
      ArrowUp: index - 1,
      ArrowRight: index + 1,
      ArrowDown: index + 1,
      Home: 0,
      End: cells.length - 1,
    };
    if (key === "Enter" || key === " ") emit("token-choose", detailOf(place));
    else if (Object.hasOwn(next, key)) {
      const to = Math.min(Math.max(next[key], 0), cells.length - 1);
      if (shiftKey) {
        anchor ??= index;
        const [first, last] = [Math.min(anchor, to), Math.max(anchor, to)].map(
          (at) => cells[at].firstChild ?? cells[at],
        );
        getSelection()?.setBaseAndExtent(first, 0, last, last.textContent?.length ?? 0);
      } else {
        anchor = undefined;
        getSelection()?.removeAllRanges();
      }
      focusOn(recording, to);
    } else return;
    event.preventDefault();
    event.stopPropagation(); // the element's own keys go through the steps
  });
  document.addEventListener("selectionchange", () => {
    if (!active || !host.isConnected) return;
    const range = rangeIn(root);
    const all = shown();
    let detail: TokenSelectionDetail | undefined;
    for (const [recording, { recording: run, frame, cells }] of all.entries()) {
      const chosen = range ? [...cells.keys()].filter((index) => overlaps(range, cells[index])) : [];
      if (chosen.length === 0) continue;
      const row = Math.floor(chosen[0] / run.seq);
      const inRow = chosen.filter((index) => Math.floor(index / run.seq) === row);
      detail = { recording, frame, row, positions: inRow.map((index) => index % run.seq) };
      break;
    }
    const key = JSON.stringify(detail ?? "");
    if (key === selected || (detail === undefined && selected === "")) return;
    selected = detail ? key : "";
    emit("token-select", detail ?? { recording: 0, frame: all[0]?.frame ?? 0, row: 0, positions: [] });
  });

  return {
    get active() {
      return active;
    },
    set active(next) {
      active = next;
      this.refresh();
    },
    get marks() {
      return marks;
    },
    set marks(next) {
      marks = next;
      this.refresh();
    },
    refresh() {
      for (const [recording, { recording: run, frame, cells }] of shown().entries()) {
        const said = new Map(
          marks.filter((mark) => mark.recording === recording).map(({ index, mark }) => [index, mark]),
        );
        for (const [index, cell] of cells.entries()) {
          if (!active) {
            for (const name of ["role", "aria-haspopup", "tabindex", "aria-label", "part"])
              cell.removeAttribute(name);
            continue;
          }
          const text = textAt(run, frame, index);
          const mark = said.get(index);
          const words = [nameOf(text), run.given[index] ? "given" : undefined, mark];
          cell.role = "button";
          cell.ariaHasPopup = "dialog";
          cell.tabIndex = recording === stop[0] && index === stop[1] ? 0 : -1;
          cell.ariaLabel = `${index % run.seq}: ${words.filter((word) => word !== undefined).join(", ")}`;
          cell.setAttribute("part", mark === undefined ? "token" : `token ${mark}`);
        }
      }
      if (hasFocus && root.activeElement === null) shown()[stop[0]]?.cells[stop[1]]?.focus();
    },
    focus: focusOn,
  };
}

// --- internal ---

function textAt({ cells, frames }: Recording, frame: number, index: number): string | null {
  for (let at = frame - 1; at >= 0; at--) {
    const change = frames[at].changes.findLast(([changed]) => changed === index);
    if (change) return change[1];
  }
  return cells[index];
}

function nameOf(text: string | null): string {
  if (text === null) return "mask";
  if (text.trim() !== "") return text.trim();
  return text.includes("\n") ? "line break" : text === "" ? "nothing" : "space";
}

/** What is selected in the tree of an element, which browsers tell in two ways. */
function rangeIn(root: ShadowRoot): Range | undefined {
  const selection = getSelection() as
    | (Selection & { getComposedRanges?(options: { shadowRoots: ShadowRoot[] }): StaticRange[] })
    | null;
  const own = (root as ShadowRoot & { getSelection?(): Selection | null }).getSelection?.();
  const found =
    selection?.getComposedRanges?.({ shadowRoots: [root] })[0] ??
    (own?.rangeCount ? own.getRangeAt(0) : undefined);
  if (!found || found.collapsed || !root.contains(found.startContainer) || !root.contains(found.endContainer))
    return undefined;
  const range = document.createRange();
  range.setStart(found.startContainer, found.startOffset);
  range.setEnd(found.endContainer, found.endOffset);
  return range;
}

function overlaps(range: Range, { firstChild }: HTMLElement): boolean {
  if (!firstChild) return false;
  const cell = document.createRange();
  cell.selectNodeContents(firstChild);
  return (
    range.compareBoundaryPoints(Range.START_TO_END, cell) > 0 &&
    range.compareBoundaryPoints(Range.END_TO_START, cell) < 0
  );
}
