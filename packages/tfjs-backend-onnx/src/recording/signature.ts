import type { Edge, Entry } from "./recorded-node.js";

/** A number for an operation with its attributes, shapes and types; the same description has the same number. */
export function signatureOf(
  operation: string,
  attributes: Readonly<Record<string, unknown>>,
  inputs: readonly Edge[],
  outputs: readonly Entry[],
): number {
  let text = operation;
  for (const name in attributes) {
    const value = attributes[name];
    text += `|${name}=${Object.is(value, -0) ? "-0" : value}`;
  }
  for (const { entry, shape } of inputs) text += `;${entry.type}[${shape}]`;
  for (const { type, shape } of outputs) text += `>${type}[${shape}]`;
  const known = signatures.get(text);
  if (known !== undefined) return known;
  if (signatures.size >= mostSignatures) signatures.clear(); // numbers go on, so none is ever given twice
  signatures.set(text, ++last);
  return last;
}

// --- internal ---

const signatures = new Map<string, number>();
let last = 0;

/** A program with ever new shapes makes ever new descriptions; these are some 20 MB. */
const mostSignatures = 100_000;
