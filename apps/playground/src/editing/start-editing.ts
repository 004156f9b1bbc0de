import type {
  Recording,
  TextDiffusionElement,
  TokenDetail,
  TokenSelectionDetail,
} from "@textdiffusion/render";
import {
  type Continuation,
  type Edits,
  type Inspection,
  type InspectOrder,
  type LocksReport,
  noEdits,
} from "./messages.js";
import { editsOf, marksOf, type PendingEdit } from "./pending-edits.js";
import { fillPanel, quoted } from "./token-panel.js";

/** What editing needs of the page. */
export interface EditingPage {
  readonly view: TextDiffusionElement;
  ask(order: InspectOrder): void;
  /** Goes on with the settings of the page. */
  goOn(from: Continuation): void;
  say(text: string): void;
}

export interface Editing {
  /** A run begins, or goes on. */
  begin(): void;
  /** @param recordings - of which one alone can be edited */
  follow(recordings: readonly Recording[]): void;
  /** No run is going on. */
  idle(): void;
  /** There is nothing that could go on any more. */
  clear(): void;
  heard(report: Inspection | LocksReport): void;
}

/** Tokens of the shown page can be looked at, locked, replaced and banned, and the run goes on from there. */
export function startEditing({ view, ask, goOn, say }: EditingPage): Editing {
  const bar = find("editing");
  const going = find<HTMLButtonElement>("continue");
  const rewrite = find<HTMLButtonElement>("rewrite");
  const drop = find<HTMLButtonElement>("drop-edits");
  const note = find("editing-note");
  const panel = find("token-panel");
  const pending = new Map<number, PendingEdit>();
  let locks: LocksReport["from"] = [];
  let recording: Recording | undefined;
  let busy = true;
  let selection: TokenSelectionDetail | undefined;
  /** The token that the panel is about; a menu stays until it is closed. */
  let looked: { readonly token: TokenDetail; readonly isMenu: boolean; inspection?: Inspection } | undefined;
  let pointing = 0;

  view.addEventListener("token-choose", ({ detail }: CustomEventInit<TokenDetail>) =>
    look(detail as TokenDetail, true),
  );
  view.addEventListener("token-point", ({ detail }: CustomEventInit<TokenDetail>) => {
    clearTimeout(pointing);
    if (!looked?.isMenu) pointing = window.setTimeout(() => look(detail as TokenDetail, false), 200);
  });
  view.addEventListener("token-leave", () => {
    clearTimeout(pointing);
    if (!looked?.isMenu) close();
  });
  view.addEventListener("token-select", ({ detail }: CustomEventInit<TokenSelectionDetail>) => {
    selection = detail?.positions.length ? detail : undefined;
    if (selection) close();
    show();
  });
  view.addEventListener("frames", () => {
    if (looked && looked.token.frame !== frame()) close();
    show();
  });
  addEventListener("keydown", ({ key }) => {
    if (key === "Escape" && looked) close(true);
  });
  addEventListener("pointerdown", (event) => {
    const path = event.composedPath();
    if (looked?.isMenu && !path.includes(panel) && !path.includes(view)) close();
  });
  for (const button of [going, rewrite]) button.onpointerdown = (event) => event.preventDefault(); // keeps the selection
  going.onclick = () => send(editsOf(pending));
  rewrite.onclick = () => send({ ...noEdits, rewritten: selection?.positions ?? [] });
  drop.onclick = () => {
    pending.clear();
    say("All edits are taken back.");
    show();
  };

  return {
    begin() {
      busy = true;
      close();
      show();
    },
    follow(recordings) {
      recording = recordings.length === 1 ? recordings[0] : undefined;
      view.choosable = recording !== undefined;
      show();
    },
    idle() {
      busy = false;
      show();
    },
    clear() {
      recording = undefined;
      view.choosable = false;
      pending.clear();
      close();
      show();
    },
    heard(report) {
      if (report.kind === "locks") {
        locks = report.from;
        pending.clear(); // they are written now
        view.showEnd();
      } else if (looked?.token.position === report.position && looked.token.frame === report.frame) {
        looked.inspection = report;
        fill();
      }
      show();
    },
  };

  function frame(): number {
    return view.frames[0] ?? 0;
  }

  function send(edits: Edits): void {
    goOn({ frame: frame(), edits });
  }

  function show(): void {
    const at = frame();
    const locked = locks.findLast((each) => each.frame <= at)?.positions ?? [];
    view.marks = marksOf(pending, locked);
    bar.hidden = recording === undefined;
    note.hidden =
      !recording?.frames.some(({ edited }) => edited) && !locks.some(({ positions }) => positions.length > 0);
    const isEnd = at === recording?.frames.length && recording?.frames.at(-1)?.masked === 0;
    going.disabled = busy || (isEnd && pending.size === 0);
    going.textContent = `Continue from step ${at}`;
    drop.hidden = pending.size === 0;
    drop.textContent = `Take back ${pending.size} ${pending.size === 1 ? "edit" : "edits"}`;
    rewrite.disabled = busy || selection === undefined;
    rewrite.textContent = selection
      ? `Rewrite the selection (${selection.positions.length})`
      : "Rewrite the selection";
  }

  function look(token: TokenDetail, isMenu: boolean): void {
    if (recording === undefined) return;
    const isSame = looked?.token.position === token.position && looked.token.frame === token.frame;
    looked = { token, isMenu, inspection: isSame ? looked?.inspection : undefined };
    fill();
    if (!busy && !looked.inspection) ask({ kind: "inspect", frame: token.frame, position: token.position });
  }

  function fill(): void {
    if (!looked || !recording) return;
    const { token, isMenu, inspection } = looked;
    const { position } = token;
    const edit = pending.get(position);
    const before = document.activeElement;
    const hadFocus = panel.contains(before) || (isMenu && panel.hidden);
    const focused =
      before instanceof HTMLElement && panel.contains(before) ? before.ariaLabel || before.textContent : "";
    const typed = panel.querySelector<HTMLInputElement>("input[name=text]")?.value ?? "";
    const isTyping = before instanceof HTMLInputElement;
    fillPanel(panel, {
      token,
      recording,
      pending: edit && saying(edit),
      isLocked: view.marks.some(({ index, mark }) => index === position && mark === "locked"),
      inspection,
      waiting: busy ? "The model is writing." : "Asking the model…",
      actions: isMenu && !busy ? actionsFor(position) : undefined,
    });
    panel.role = isMenu ? "dialog" : "tooltip";
    panel.ariaLabel = `Position ${position}`;
    panel.classList.toggle("hint", !isMenu);
    panel.hidden = false;
    placeAt(token.bounds);
    if (!isMenu || !hadFocus) return;
    const input = panel.querySelector<HTMLInputElement>("input[name=text]");
    if (input) input.value = typed;
    const same = [...panel.querySelectorAll("button")].find(
      (each) => (each.ariaLabel || each.textContent) === focused,
    );
    (isTyping && panel.contains(input)
      ? input
      : (same ?? panel.querySelector<HTMLElement>(".actions button, input"))
    )?.focus();
  }

  function actionsFor(position: number) {
    const put = (edit: PendingEdit) => {
      pending.set(position, edit);
      say(`Position ${position} is to be ${saying(edit)}. “Continue” writes on from the step that is shown.`);
      close(true);
      show();
    };
    return {
      lock: () => put({ kind: "locked" }),
      unlock: () => put({ kind: "unlocked" }),
      force: (text: string) => put({ kind: "forced", text }),
      ban: (token: number, text: string) => {
        const before = pending.get(position);
        const [tokens, texts] = before?.kind === "banned" ? [before.tokens, before.texts] : [[], []];
        put({
          kind: "banned",
          tokens: [...new Set([...tokens, token])],
          texts: [...new Set([...texts, text])],
        });
      },
      forget: () => {
        pending.delete(position);
        close(true);
        show();
      },
    };
  }

  function close(backToText = false): void {
    clearTimeout(pointing);
    const { token, isMenu } = looked ?? {};
    looked = undefined;
    panel.hidden = true;
    panel.replaceChildren();
    if (backToText && isMenu && token) view.focusToken(0, token.position);
    clearTimeout(pointing); // the focus points, too
  }

  /** Below the token, within the page. */
  function placeAt({ left, bottom }: DOMRect): void {
    const widest = document.documentElement.clientWidth - panel.offsetWidth - 8;
    panel.style.left = `${Math.max(8, Math.min(left, widest)) + scrollX}px`;
    panel.style.top = `${bottom + 6 + scrollY}px`;
  }
}

// --- internal ---

function saying(edit: PendingEdit): string {
  if (edit.kind === "forced") return quoted(edit.text);
  return edit.kind === "banned" ? `other than ${edit.texts.map(quoted).join(", ")}` : edit.kind;
}

function find<Kind extends HTMLElement = HTMLElement>(id: string): Kind {
  return document.getElementById(id) as Kind;
}
