import { z } from "zod";
import { sourceError } from "./source-errors.js";

/** A record of a data set: names and values. */
export type DataRecord = Readonly<Record<string, unknown>>;

const scalar = z.union([z.string(), z.number(), z.boolean(), z.null()]);

const condition = z.union([
  scalar,
  z.strictObject({
    min: z.number().optional().describe("the least number"),
    max: z.number().optional().describe("the greatest number"),
    matches: z.string().optional().describe("a regular expression that its text matches"),
    not: scalar.optional().describe("a value that it is not"),
  }),
]);

/** Options of every source of records. */
export const recordOptions = {
  text: z
    .string()
    .min(1)
    .default("text")
    .describe("the field with the text; a path for one inside of others: review.body"),
  prompt: z
    .string()
    .min(1)
    .optional()
    .describe("the field with what stands before it and is never masked; default none"),
  where: z
    .record(z.string(), condition)
    .optional()
    .describe('which records count: fields with a value, or { "min", "max", "matches", "not" }; default all'),
} as const;

export interface RecordChoices {
  readonly text: string;
  readonly prompt?: string;
  readonly where?: Readonly<Record<string, z.output<typeof condition>>>;
}

/** The names that are looked up in a record: the first part of every path. */
export function fieldsOf({ text, prompt, where = {} }: RecordChoices): string[] {
  const paths = [text, ...(prompt === undefined ? [] : [prompt]), ...Object.keys(where)];
  return [...new Set(paths.map((path) => path.split(".")[0]))];
}

/**
 * What makes a document of a record.
 *
 * @returns undefined for a record that does not count: its text is blank or null, or `where` says so
 * @throws DiffusionError (when called) `DATA_INVALID` for a record without the field, or with something that is no text
 *   in it; at once `CONFIG_INVALID` for what is no regular expression
 */
export function recordReader(
  choices: RecordChoices,
): (record: DataRecord, place: string) => { text: string; prompt?: string } | undefined {
  const { text, prompt, where = {} } = choices;
  const conditions = Object.entries(where).map(([path, wanted]) => ({
    path,
    holds: conditionOf(path, wanted),
  }));
  return (record, place) => {
    for (const { path, holds } of conditions) if (!holds(valueAt(record, path, place))) return undefined;
    const document = textAt(record, text, place);
    if (document === undefined || document.trim() === "") return undefined;
    return prompt === undefined
      ? { text: document }
      : { text: document, prompt: textAt(record, prompt, place) ?? "" };
  };
}

// --- internal ---

function conditionOf(path: string, wanted: z.output<typeof condition>): (value: unknown) => boolean {
  if (typeof wanted !== "object" || wanted === null) return (value) => plain(value) === wanted;
  const { min = -Infinity, max = Infinity, matches, not } = wanted;
  const expression = matches === undefined ? undefined : regularExpression(path, matches);
  const isBounded = wanted.min !== undefined || wanted.max !== undefined;
  return (given) => {
    const value = plain(given);
    if (isBounded && !(typeof value === "number" && value >= min && value <= max)) return false;
    if (expression && !(typeof value === "string" && expression.test(value))) return false;
    return not === undefined || value !== not;
  };
}

/** Parquet's whole numbers come as BigInt. */
const plain = (value: unknown) => (typeof value === "bigint" ? Number(value) : value);

function regularExpression(path: string, source: string): RegExp {
  try {
    return new RegExp(source, "u");
  } catch (cause) {
    throw sourceError(
      "CONFIG_INVALID",
      `expected a regular expression in where.${path}.matches, got ${JSON.stringify(source)}`,
      "Correct it",
      cause,
    );
  }
}

function valueAt(record: DataRecord, path: string, place: string): unknown {
  let value: unknown = record;
  for (const name of path.split(".")) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, name)) {
      const known = typeof value === "object" && value !== null ? Object.keys(value).join(", ") : "no fields";
      throw sourceError(
        "DATA_INVALID",
        `expected the field ${path} in ${place}, got ${known || "no fields"}`,
        "Say which field has it",
      );
    }
    value = (value as DataRecord)[name];
  }
  return value;
}

function textAt(record: DataRecord, path: string, place: string): string | undefined {
  const value = valueAt(record, path, place);
  if (typeof value === "string") return value;
  if (value === null || value === undefined) return undefined;
  throw sourceError(
    "DATA_INVALID",
    `expected text in the field ${path} in ${place}, got ${Array.isArray(value) ? "a list" : typeof value}`,
    "Say which field has the text",
  );
}
