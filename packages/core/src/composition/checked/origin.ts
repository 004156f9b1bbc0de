import type { ComponentKind } from "../../contracts/component.js";
import { DiffusionError } from "../../errors/diffusion-error.js";

/** Where a component came from: the plugin that brought it, and its name there. */
export interface Origin {
  readonly kind: ComponentKind;
  readonly name: string;
  readonly plugin: string;
}

/** Calls a component's own code. What it throws is known to be its own: it becomes the cause of a `PLUGIN_FAILED`. */
export function calling<Value>(origin: Origin, what: string, call: () => Value): Value {
  let value: Value;
  try {
    value = call();
  } catch (error) {
    throw failed(origin, what, error);
  }
  if (!(value instanceof Promise)) return value;
  return value.catch((error) => {
    throw failed(origin, what, error);
  }) as Value;
}

/** A component that does not keep what its contract promises. */
export function broken({ kind, name, plugin }: Origin, expected: string, got: unknown): DiffusionError {
  return new DiffusionError({
    code: "PLUGIN_INVALID",
    component: `${plugin}/${name}`,
    problem: `expected ${expected} from ${kind} "${name}" of plugin "${plugin}", got ${inWords(got)}`,
    remedy: `It breaks the contract of its kind: run ${lawsOf[kind]} of @textdiffusion/testkit on it, or update the plugin`,
    details: { kind, name, plugin },
  });
}

/** Who made a component, for errors: its plugin and its name there, or its family for one that was passed as a value. */
export function whoMade(component: { readonly name: string }, family: string): string {
  const origin = origins.get(component);
  return origin ? `${origin.plugin}/${origin.name}` : `${family}/${component.name}`;
}

export function rememberOrigin(component: object, origin: Origin): void {
  origins.set(component, origin);
}

/** Anything in a few words. */
export function inWords(value: unknown): string {
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (ArrayBuffer.isView(value)) return `${value.constructor.name} of ${(value as Int32Array).length}`;
  if (value === null || typeof value !== "object")
    return typeof value === "string" ? JSON.stringify(value) : String(value);
  const keys = Object.keys(value);
  return keys.length === 0 ? "an empty object" : `an object with ${keys.slice(0, 5).join(", ")}`;
}

// --- internal ---

const origins = new WeakMap<object, Origin>();

const lawsOf: Readonly<Record<ComponentKind, string>> = {
  backend: "backendLaws",
  callback: "callbackLaws",
  collator: "collatorLaws",
  denoiser: "denoiserLaws",
  sampler: "samplerLaws",
  schedule: "noiseScheduleLaws",
  source: "dataSourceLaws",
  tokenizer: "tokenizerLaws",
};

/** Errors of ours already say what they are about. */
function failed({ kind, name, plugin }: Origin, what: string, error: unknown): unknown {
  if (DiffusionError.is(error)) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new DiffusionError({
    code: "PLUGIN_FAILED",
    component: `${plugin}/${name}`,
    problem: `expected ${what} of ${kind} "${name}" of plugin "${plugin}" to return, got "${message}" thrown`,
    remedy: "The error comes from the plugin's own code and is the cause of this one: report it there",
    details: { kind, name, plugin },
    cause: error,
  });
}
