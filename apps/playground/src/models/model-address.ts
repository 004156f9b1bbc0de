import type { ModelInfo } from "./own-model.js";

/** Splits the part of an address after `#` into the model of the Hub that it names, if any, and the rest. */
export function splitModel(hash: string): { readonly model?: string; readonly rest: string } {
  const parameters = new URLSearchParams(hash.replace(/^#/, ""));
  const model = parameters.get("model");
  parameters.delete("model");
  return { ...(model && { model }), rest: parameters.toString() };
}

/** `#model=owner/name@revision&…`: a text of the model that ships, or of one that lies on this machine, names none. */
export function withModel(model: string | undefined, rest: string): string {
  return model === undefined ? `#${rest}` : `#model=${model}${rest && "&"}${rest}`;
}

/** `owner/name@revision`, of a model of the Hub. */
export function addressOf(model: ModelInfo | undefined): string | undefined {
  return model?.origin === "hub" ? `${model.name}@${model.revision}` : undefined;
}

/** Whether a model is the one that an address names, with its revision or without. */
export function isNamed(model: ModelInfo | undefined, address: string): boolean {
  const own = addressOf(model);
  return own !== undefined && (own === address || own.startsWith(`${address}@`));
}
