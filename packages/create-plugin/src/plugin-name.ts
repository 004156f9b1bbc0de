import { readFileSync } from "node:fs";
import { DiffusionError, listNames } from "@textdiffusion/core";
import type { PluginKind } from "./plugin-kinds.js";

const prefix = "textdiffusion-plugin-";

/** The names of a plugin in each place that it has one. */
export interface PluginName {
  /** What configs say: `soft-steps`. */
  readonly component: string;
  /** What npm says: `textdiffusion-plugin-soft-steps`, with a scope where one was given. */
  readonly packageName: string;
}

/**
 * The names that follow from what the author wrote: `soft-steps`, `textdiffusion-plugin-soft-steps` or
 * `@me/textdiffusion-plugin-soft-steps`.
 *
 * @throws DiffusionError `CONFIG_INVALID` for a name that is not kebab-case or that npm refuses; `DUPLICATE_COMPONENT`
 *   for one that a component of ours has, listing those
 */
export function assertPluginName(given: string, kind: PluginKind): PluginName {
  const [, scope = "", unscoped] = /^(@[^/]*\/)?(.*)$/s.exec(given) as RegExpExecArray;
  const component = unscoped.startsWith(prefix) ? unscoped.slice(prefix.length) : unscoped;
  const packageName = `${scope}${prefix}${component}`;
  if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(component)) {
    throw invalid(given, "expected a name in kebab-case, such as soft-steps");
  }
  if (scope !== "" && !/^@[a-z0-9][a-z0-9._-]*\/$/.test(scope)) {
    throw invalid(given, "expected a scope in small letters, such as @me");
  }
  if (packageName.length > 214) throw invalid(given, "expected a package name of at most 214 letters"); // npm's limit
  const taken = takenNames()[kind] ?? [];
  if (taken.includes(component)) {
    throw new DiffusionError({
      code: "DUPLICATE_COMPONENT",
      component: "create-plugin/name",
      problem: `expected a ${kind} name that textdiffusion does not have, got "${component}". Taken: ${listNames(taken)}`,
      remedy: "Choose another name",
      details: { kind, name: component, taken },
    });
  }
  return { component, packageName };
}

// --- internal ---

/** The components of textdiffusion by kind; `scripts/write-component-table.mjs` of the repository writes them. */
function takenNames(): Partial<Record<PluginKind, readonly string[]>> {
  return JSON.parse(readFileSync(new URL("../taken-names.json", import.meta.url), "utf8"));
}

function invalid(given: string, problem: string): DiffusionError {
  return new DiffusionError({
    code: "CONFIG_INVALID",
    component: "create-plugin/name",
    problem: `${problem}, got ${JSON.stringify(given)}`,
    remedy: "Correct --name",
    details: { name: given },
  });
}
