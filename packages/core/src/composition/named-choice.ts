import type { ComponentKind, ComponentKinds } from "../contracts/component.js";
import type { ComponentChoice, NamedChoice } from "./config.js";

/**
 * A choice as data, for records and reports. A component that was passed as a value is `{ name, passedAsValue: true }`,
 * nested ones too: it cannot be made again from its record.
 */
export function namedChoice(
  choice: { [Kind in ComponentKind]: ComponentChoice<Kind> }[ComponentKind],
): NamedChoice {
  return asData(choice) as NamedChoice;
}

/** A component is an object with behaviour; a choice by name is plain data. */
export function isComponent(choice: unknown): choice is ComponentKinds[ComponentKind] {
  if (typeof choice !== "object" || choice === null || Array.isArray(choice)) return false;
  for (
    let object: object | null = choice;
    object && object !== Object.prototype;
    object = Object.getPrototypeOf(object)
  ) {
    for (const key of Object.getOwnPropertyNames(object)) {
      if (key === "constructor") continue;
      if (typeof Object.getOwnPropertyDescriptor(object, key)?.value === "function") return true;
    }
  }
  return false;
}

// --- internal ---

function asData(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(asData);
  if (typeof value !== "object" || value === null) return value;
  if (isComponent(value))
    return { name: (value as { readonly name?: string }).name ?? "unnamed", passedAsValue: true };
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, asData(member)]));
}
