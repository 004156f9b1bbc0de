import { DiffusionError } from "@textdiffusion/core";
import { z } from "zod";

/** What decides the weights that a run arrives at, as JSON: options, collator, data fingerprint, first weights. */
export type RunConfig = z.output<typeof runConfigSchema>;

type Json = z.output<ReturnType<typeof z.json>>;

export const runConfigSchema = z.record(z.string(), z.json());

/**
 * The config of a run as JSON. What is undefined is left out.
 *
 * @throws DiffusionError `CONFIG_INVALID` for what JSON cannot say
 */
export function runConfigFrom(parts: Readonly<Record<string, unknown>>): RunConfig {
  return jsonRecord(parts, "");
}

/** One text for each value, whatever the order of keys. */
export function canonicalJson(json: Json): string {
  return JSON.stringify(json, (_, value) =>
    isRecord(value) ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))) : value,
  );
}

/**
 * A run goes on only with the config it began with: anything else would be neither the old run nor a new one.
 *
 * @throws DiffusionError `CHECKPOINT_INVALID` that names each option that differs, and both its values
 */
export function assertSameRun(saved: RunConfig, current: RunConfig): void {
  const [before, now] = [leaves(saved), leaves(current)];
  const different = [...new Set([...before.keys(), ...now.keys()])].filter(
    (key) => before.get(key) !== now.get(key),
  );
  if (different.length === 0) return;
  const sentences = different.map(
    (key) => `${key} was ${before.get(key) ?? "not set"} and is ${now.get(key) ?? "not set"}`,
  );
  throw new DiffusionError({
    code: "CHECKPOINT_INVALID",
    component: "training/checkpoint",
    problem: `expected the config of the run to resume, got another: ${sentences.join(", ")}`,
    remedy: "Set it back, or begin a new run in another folder",
    details: { different },
  });
}

// --- internal ---

/** `training.learningRate` to its value in JSON, for every value that is not an object. */
function leaves(config: RunConfig, prefix = ""): Map<string, string> {
  const found = new Map<string, string>();
  for (const [key, value] of Object.entries(config)) {
    if (isRecord(value)) {
      for (const [path, leaf] of leaves(value, `${prefix}${key}.`)) found.set(path, leaf);
    } else {
      found.set(prefix + key, canonicalJson(value));
    }
  }
  return found;
}

function isRecord(value: unknown): value is RunConfig {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function jsonRecord(record: Readonly<Record<string, unknown>>, prefix: string): RunConfig {
  const entries = Object.entries(record).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries.map(([key, value]) => [key, jsonFrom(value, prefix + key)]));
}

function jsonFrom(value: unknown, path: string): Json {
  if (value === null || typeof value === "string" || typeof value === "boolean") return value;
  if (typeof value === "number" && Number.isFinite(value)) return value;
  if (Array.isArray(value)) return value.map((item, index) => jsonFrom(item, `${path}.${index}`));
  if (isRecord(value) && Object.getPrototypeOf(value) === Object.prototype)
    return jsonRecord(value, `${path}.`);
  throw new DiffusionError({
    code: "CONFIG_INVALID",
    component: "training/run-config",
    problem: `expected JSON in the identity of the run, got ${String(value)} at ${path}`,
    remedy: "Describe it with strings, finite numbers, booleans, arrays and plain objects",
  });
}
