import type { StandardSchemaV1 } from "@standard-schema/spec";
import { DiffusionError, listNames } from "../errors/diffusion-error.js";

/**
 * Options through a Standard Schema, defaults filled in.
 *
 * @param path - where the options stand in the config, as in `sampler`
 * @param owner - whose options they are, as in `sampler "confidence"`
 * @throws DiffusionError `UNKNOWN_OPTION` for a key that the schema lacks, `CONFIG_INVALID` for a bad value
 */
export async function decodeOptions<Options>(
  schema: StandardSchemaV1<unknown, Options>,
  value: unknown,
  path: string,
  owner: string,
): Promise<Options> {
  assertKnownKeys(schema, value, path, owner);
  return valueOrThrow(schema, await schema["~standard"].validate(value), value, path, owner);
}

/**
 * The same for components made in code, where waiting would be a nuisance: `confidenceSampler({ steps: 16 })`.
 *
 * @throws DiffusionError as `decodeOptions`, and `UNSUPPORTED` for a schema that can only answer with a promise
 */
export function decodeOptionsSync<Options>(
  schema: StandardSchemaV1<unknown, Options>,
  value: unknown,
  path: string,
  owner: string,
): Options {
  assertKnownKeys(schema, value, path, owner);
  const result = schema["~standard"].validate(value);
  if (result instanceof Promise) {
    throw new DiffusionError({
      code: "UNSUPPORTED",
      component: "core/config",
      problem: `expected a schema that answers at once for ${owner}, got a promise`,
      remedy: "Use decodeOptions, or take the asynchronous checks out of the schema",
    });
  }
  return valueOrThrow(schema, result, value, path, owner);
}

// --- internal ---

function assertKnownKeys(schema: StandardSchemaV1, value: unknown, path: string, owner: string): void {
  const known = knownKeys(schema);
  if (!known || typeof value !== "object" || value === null) return;
  const unknown = Object.keys(value).find((key) => !known.includes(key));
  if (unknown === undefined) return;
  throw new DiffusionError({
    code: "UNKNOWN_OPTION",
    component: "core/config",
    problem: `expected options of ${owner}, got ${path}.${unknown}. Options: ${listNames(known)}`,
    remedy: "Correct the key or take it out",
    details: { path, unknown, known },
  });
}

function valueOrThrow<Options>(
  schema: StandardSchemaV1<unknown, Options>,
  result: StandardSchemaV1.Result<Options>,
  value: unknown,
  path: string,
  owner: string,
): Options {
  if (!result.issues) return result.value;
  const known = knownKeys(schema);
  const issue = result.issues[0];
  const at = [
    path,
    ...(issue.path ?? []).map((part) => String(typeof part === "object" ? part.key : part)),
  ].join(".");
  throw new DiffusionError({
    code: "CONFIG_INVALID",
    component: "core/config",
    problem: `expected a valid ${at} for ${owner}, got ${describe(value, issue.path)}: ${issue.message}`,
    remedy: known ? `Options: ${listNames(known)}` : "Correct the value",
    details: { path: at, issues: result.issues },
  });
}

/** Keys of an object schema, from the JSON Schema that Standard Schema 1.1 libraries can give; undefined otherwise. */
function knownKeys(schema: StandardSchemaV1): string[] | undefined {
  const standard = schema["~standard"] as { jsonSchema?: { input(options: { target: string }): unknown } };
  try {
    const json = standard.jsonSchema?.input({ target: "draft-2020-12" }) as
      | { properties?: Record<string, unknown>; additionalProperties?: unknown }
      | undefined;
    return json?.properties && json.additionalProperties === false ? Object.keys(json.properties) : undefined;
  } catch {
    return undefined; // a schema with parts that JSON Schema cannot say: its own strictness reports unknown keys
  }
}

function describe(value: unknown, path: StandardSchemaV1.Issue["path"]): string {
  let found: unknown = value;
  for (const part of path ?? []) {
    found = (found as Record<PropertyKey, unknown>)?.[typeof part === "object" ? part.key : part];
  }
  if (typeof found === "function") return "a function";
  // JSON would call NaN and the infinities null, and has no bigint.
  return typeof found === "object" || typeof found === "string" ? JSON.stringify(found) : String(found);
}
