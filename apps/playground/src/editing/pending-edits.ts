import type { TokenMark } from "@textdiffusion/render";
import type { Edits } from "./messages.js";

export type PendingEdit =
  | { readonly kind: "locked" | "unlocked" }
  | { readonly kind: "forced"; readonly text: string }
  | { readonly kind: "banned"; readonly tokens: readonly number[]; readonly texts: readonly string[] };

/** What was said of positions and is not yet written, by position. */
export type PendingEdits = ReadonlyMap<number, PendingEdit>;

export function editsOf(pending: PendingEdits): Edits {
  const entries = [...pending];
  const positions = (kind: PendingEdit["kind"]) =>
    entries.filter(([, edit]) => edit.kind === kind).map(([position]) => position);
  return {
    locked: positions("locked"),
    unlocked: positions("unlocked"),
    forced: entries.flatMap(([position, edit]) =>
      edit.kind === "forced" ? [{ position, text: edit.text }] : [],
    ),
    banned: entries.flatMap(([position, edit]) =>
      edit.kind === "banned" ? edit.tokens.map((token) => ({ position, token })) : [],
    ),
    rewritten: [],
  };
}

/** @param locked - positions that are locked where nothing else is said of them */
export function marksOf(pending: PendingEdits, locked: readonly number[]): TokenMark[] {
  const marks = new Map(locked.map((index) => [index, "locked"]));
  for (const [index, { kind }] of pending) marks.set(index, kind);
  return [...marks].map(([index, mark]) => ({ recording: 0, index, mark }));
}
