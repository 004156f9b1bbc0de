/** What a piece of text looks like. Without colour every look is the text itself. */
export type Look =
  | "plain"
  | "bold"
  | "dim"
  | "underline"
  | "fresh"
  | "mask"
  | "prompt"
  | "good"
  | "fair"
  | "poor";

export type Paint = (look: Look, text: string) => string;

/** Select Graphic Rendition parameters (ECMA-48); 256-colour numbers are xterm's. */
const parameters: Readonly<Record<Look, string>> = {
  plain: "",
  bold: "1",
  dim: "2",
  underline: "4",
  fresh: "1;7",
  mask: "38;5;240",
  prompt: "2;4",
  good: "38;5;114",
  fair: "38;5;221",
  poor: "38;5;203",
};

export const paintPlain: Paint = (_look, text) => text;

export const paintAnsi: Paint = (look, text) =>
  look === "plain" || text === "" ? text : `\x1b[${parameters[look]}m${text}\x1b[0m`;

/**
 * Colour or not. `FORCE_COLOR` wins (0 or false turns colour off, anything else on), then `NO_COLOR`
 * (https://no-color.org), then whether the stream is a terminal that can.
 */
export function paintFor(
  stream: { readonly isTTY?: boolean },
  environment: Readonly<Record<string, string | undefined>>,
): Paint {
  const { FORCE_COLOR: force, NO_COLOR: no, TERM: terminal } = environment;
  if (force !== undefined) return force === "0" || force === "false" ? paintPlain : paintAnsi;
  if (no !== undefined && no !== "") return paintPlain;
  return stream.isTTY === true && terminal !== "dumb" ? paintAnsi : paintPlain;
}
