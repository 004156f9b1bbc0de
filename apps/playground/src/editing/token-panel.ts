import type { Recording, TokenDetail } from "@textdiffusion/render";
import { type Held, historyOf } from "./history.js";
import type { Inspection } from "./messages.js";

export interface TokenActions {
  lock(): void;
  unlock(): void;
  /** Puts text in place. */
  force(text: string): void;
  ban(token: number, text: string): void;
  /** Takes back what was said of this position and not yet written. */
  forget(): void;
}

export interface PanelContents {
  readonly token: TokenDetail;
  readonly recording: Recording;
  /** What was said of the position and is not yet written. */
  readonly pending?: string;
  readonly isLocked: boolean;
  readonly inspection?: Inspection;
  /** Why there is none. */
  readonly waiting: string;
  /** Left out while it only tells. */
  readonly actions?: TokenActions;
}

/** What there is to know of a token, and in a menu what can be done with it. */
export function fillPanel(panel: HTMLElement, contents: PanelContents): void {
  const { token, recording, inspection, pending, isLocked, actions, waiting } = contents;
  const { position, text, frame } = token;
  const held = historyOf(recording, token.row * recording.seq + position, frame);
  const state = [
    text === null ? "masked" : inspection?.writtenIn ? `written in step ${inspection.writtenIn}` : undefined,
    token.given ? "given" : undefined,
    isLocked ? "locked" : undefined,
    pending && `to be ${pending}`,
  ].filter((word) => word);
  panel.replaceChildren(
    element("h2", `Position ${position}${text === null ? "" : `: ${quoted(text)}`}`),
    element("p", state.join(", ")),
    ...(inspection ? candidatesOf(inspection, text, actions) : [element("p", waiting)]),
    historyList(held),
    ...(actions ? [actionsOf(contents, actions)] : []),
  );
}

export function quoted(text: string): string {
  return `“${text.replaceAll("\n", "↵").replaceAll(" ", "␣")}”`;
}

// --- internal ---

function candidatesOf(
  { candidates, entropy, writtenIn }: Inspection,
  standing: string | null,
  actions: TokenActions | undefined,
): HTMLElement[] {
  const when = writtenIn ? `Before step ${writtenIn}` : standing === null ? "Now" : "In its place";
  const table = element("table");
  table.append(element("caption", `${when} the model says, at ${entropy.toFixed(2)} nats of entropy:`));
  for (const { token, text, probability } of candidates) {
    const row = table.insertRow();
    row.insertCell().append(quoted(text));
    row.insertCell().append(`${(100 * probability).toFixed(1)} %`);
    const meter = element("meter");
    meter.value = probability;
    meter.ariaHidden = "true";
    row.insertCell().append(meter);
    if (text === standing) row.ariaCurrent = "true";
    if (!actions) continue;
    row.insertCell().append(
      button("Put", () => actions.force(text), `Put ${quoted(text)} there`),
      button("Ban", () => actions.ban(token, text), `Ban ${quoted(text)} there`),
    );
  }
  return [table];
}

function historyList(held: readonly Held[]): HTMLElement {
  const list = element("ol");
  list.ariaLabel = "What it held";
  list.append(
    ...held.map(({ frame, text, probability, edited }) => {
      const what = text === null ? "mask" : quoted(text);
      const sure = probability === undefined ? "" : `, ${(100 * probability).toFixed(1)} %`;
      return element("li", `step ${frame}: ${what}${sure}${edited ? ", by hand" : ""}`);
    }),
  );
  return list;
}

function actionsOf(
  { token, inspection, isLocked, pending }: PanelContents,
  actions: TokenActions,
): HTMLElement {
  const { text } = token;
  const form = element("form");
  const label = element("label", "Put another text there ");
  const input = element("input");
  Object.assign(input, { name: "text", required: true, spellcheck: false, autocomplete: "off" });
  const spaceLabel = element("label");
  const space = element("input");
  Object.assign(space, { type: "checkbox", name: "space", checked: text === null || text.startsWith(" ") });
  spaceLabel.className = "check";
  spaceLabel.append(space, " after a space");
  label.append(input);
  const put = element("button", "Put");
  form.append(label, spaceLabel, put);
  form.onsubmit = (event) => {
    event.preventDefault();
    actions.force(`${space.checked ? " " : ""}${input.value}`);
  };
  const buttons = element("div");
  buttons.className = "actions";
  const standing = inspection?.token;
  if (text !== null) {
    buttons.append(isLocked || token.given ? button("Unlock", actions.unlock) : button("Lock", actions.lock));
    const ban = button(
      `Ban ${quoted(text)} here`,
      () => standing !== undefined && actions.ban(standing, text),
    );
    ban.disabled = standing === undefined;
    buttons.append(ban);
  }
  if (pending) buttons.append(button("Leave it as it is", actions.forget));
  const all = element("div");
  all.append(buttons, form);
  return all;
}

function button(label: string, action: () => void, name?: string): HTMLButtonElement {
  const made = element("button", label);
  made.type = "button";
  if (name) made.ariaLabel = name;
  made.onclick = action;
  return made;
}

function element<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  text = "",
): HTMLElementTagNameMap[Name] {
  const made = document.createElement(name);
  made.textContent = text;
  return made;
}
