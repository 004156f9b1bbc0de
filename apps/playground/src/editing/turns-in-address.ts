/** Edits as the address says them: `edits=[{"at":4,"with":"steps=8","lock":[12]}]`. */
import { hashOf, type Settings, settingsFrom } from "../settings.js";
import type { Continuation } from "./messages.js";

/** A text that was there went on, from a step, with what was changed in it. */
export interface Turn {
  readonly settings: Settings;
  readonly from: Continuation;
}

/** What a chat or a mail still takes for one address. Characters. */
export const longestAddress = 8000;

export function turnsInAddress(turns: readonly Turn[]): string {
  const said = turns.map(({ settings, from: { frame, edits } }) => {
    const { locked, unlocked, forced, banned, rewritten } = edits;
    const all: Readonly<Record<EditKey, readonly unknown[]>> = {
      lock: locked,
      unlock: unlocked,
      put: forced.map(({ position, text }) => [position, text]),
      ban: banned.map(({ position, token }) => [position, token]),
      rewrite: rewritten,
    };
    const made = Object.entries(all).filter(([, each]) => each.length > 0);
    return { at: frame, with: hashOf({ ...settings, second: undefined }), ...Object.fromEntries(made) };
  });
  return new URLSearchParams({ edits: JSON.stringify(said) }).toString();
}

/**
 * Splits the part of an address after `#` into edits and the rest.
 *
 * @param longest - most tokens of a text, and most steps
 * @throws RangeError that says which edit is none, what was expected and what was found
 */
export function splitTurns(hash: string, longest: number): { readonly turns: Turn[]; readonly rest: string } {
  const parameters = new URLSearchParams(hash);
  const text = parameters.get("edits");
  parameters.delete("edits");
  const rest = parameters.toString();
  if (text === null) return { turns: [], rest };
  const said = parsed(text);
  if (!Array.isArray(said) || said.length === 0) throw wrong("a list of edits in JSON", "edits", text);
  return { turns: said.map((each, index) => turnFrom(each, `edit ${index + 1}`, longest)), rest };
}

// --- internal ---

const editKeys = ["lock", "unlock", "put", "ban", "rewrite"] as const;
type EditKey = (typeof editKeys)[number];

function turnFrom(said: unknown, name: string, longest: number): Turn {
  if (typeof said !== "object" || said === null || Array.isArray(said))
    throw wrong('an object as {"at":4,"lock":[12]}', name, said);
  const known: readonly string[] = ["at", "with", ...editKeys];
  const unknown = Object.keys(said).find((key) => !known.includes(key));
  if (unknown !== undefined) throw wrong(`no other keys than ${known.join(", ")}`, name, unknown);
  const { at, with: settings = "" } = said as Readonly<Record<string, unknown>>;
  if (!isCount(at, Number.MAX_SAFE_INTEGER)) throw wrong("a step, a whole number from 0", `${name}, at`, at);
  if (typeof settings !== "string") throw wrong("settings in one text", `${name}, with`, settings);
  const chosen = settingsFrom(settings, longest);
  if (chosen.second) throw wrong("one sampler", `${name}, with`, settings);

  const list = (key: EditKey, what: string, isOne: (each: unknown) => boolean) => {
    const { [key]: all = [] } = said as Readonly<Record<string, unknown>>;
    if (Array.isArray(all) && all.every(isOne)) return all;
    throw wrong(`a list of ${what}`, `${name}, ${key}`, all);
  };
  const isPosition = (each: unknown) => isCount(each, longest - 1);
  const isPair = (isSecond: (each: unknown) => boolean) => (each: unknown) =>
    Array.isArray(each) && each.length === 2 && isPosition(each[0]) && isSecond(each[1]);
  const positions = `positions from 0 to ${longest - 1}`;
  const listPositions = (key: EditKey) => list(key, positions, isPosition) as number[];
  const put = list("put", `[position, text], ${positions}`, isPair(isText)) as [number, string][];
  const isToken = (each: unknown) => isCount(each, 2 ** 31 - 1);
  const ban = list("ban", `[position, token], ${positions}`, isPair(isToken)) as [number, number][];
  const edits = {
    locked: listPositions("lock"),
    unlocked: listPositions("unlock"),
    forced: put.map(([position, text]) => ({ position, text })),
    banned: ban.map(([position, token]) => ({ position, token })),
    rewritten: listPositions("rewrite"),
  };
  return { settings: chosen, from: { frame: at as number, edits } };
}

function isCount(value: unknown, most: number): boolean {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= most;
}

function isText(value: unknown): boolean {
  return typeof value === "string" && value !== "";
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function wrong(expected: string, where: string, got: unknown): RangeError {
  const found = (typeof got === "string" ? got : (JSON.stringify(got) ?? "nothing")).slice(0, 100);
  return new RangeError(`Expected ${expected} in the address (${where}), got ${found}`);
}
