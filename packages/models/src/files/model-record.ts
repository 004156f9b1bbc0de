import { DiffusionError, listNames } from "@textdiffusion/core";
import { z } from "zod";
import { makeFolder, parseJson, pathIn, readTextIfPresent, replaceTextFile } from "./file-system.js";

/** A component's name, or its name with options. */
const component = z.union([z.string(), z.looseObject({ name: z.string() })]);

const schema = z.strictObject({
  formatVersion: z.literal(1),
  rowLength: z.int().positive(),
  frame: z.boolean(),
  schedule: component,
  collator: component,
  sampler: component,
  logitAlignment: z.enum(["same", "next"]).optional(),
  training: z
    .looseObject({
      steps: z.int().min(0),
      tokens: z.int().min(0),
      validationNats: z.number().optional(),
    })
    .optional(),
});

/**
 * `textdiffusion.json`: how a model folder was trained and how it wants to be sampled.
 *
 * - `rowLength`: tokens in a training row, and the length to generate unless asked otherwise
 * - `frame`: rows begin and end with the tokenizer's begin and end tokens
 * - `schedule`, `collator`, `sampler`: a component's name, or `{ name, ...options }`
 * - `logitAlignment`: `next` for a model whose position p predicts the token at p + 1; default `same`
 * - `training`: optimizer steps, tokens seen, and the validation loss in nats a token; more keys are kept
 */
export type ModelRecord = z.infer<typeof schema>;

/**
 * The record of a model folder, or undefined where it has none, as in a folder that comes from Hugging Face.
 *
 * @throws DiffusionError `MODEL_INVALID` for a record that this version cannot read
 */
export async function readModelRecord(folder: string): Promise<ModelRecord | undefined> {
  const path = pathIn(folder, fileName);
  const text = await readTextIfPresent(path);
  return text === undefined ? undefined : decodeModelRecord(parseJson(text, path), path);
}

/** @throws DiffusionError `MODEL_INVALID` for a record that could not be read again, `FILE_NOT_WRITABLE` */
export async function writeModelRecord(record: ModelRecord, folder: string): Promise<void> {
  const path = pathIn(folder, fileName);
  const text = encodeModelRecord(record, path);
  await makeFolder(folder);
  await replaceTextFile(path, text);
}

/**
 * The text of `textdiffusion.json`.
 *
 * @param path - where it goes, for messages
 * @throws DiffusionError `MODEL_INVALID` for a record that could not be read again
 */
export function encodeModelRecord(record: ModelRecord, path: string = fileName): string {
  return `${JSON.stringify(decodeModelRecord(record, path), null, 2)}\n`;
}

/**
 * The record from the parsed JSON of `textdiffusion.json`.
 *
 * @param path - where it comes from, for messages
 * @throws DiffusionError `MODEL_INVALID`
 */
export function decodeModelRecord(value: unknown, path: string): ModelRecord {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const at = issue.path.join(".");
  throw new DiffusionError({
    code: "MODEL_INVALID",
    component: "models/record",
    problem: `${path}: expected a valid ${at || "record"}, got: ${issue.message}`,
    remedy:
      at === "formatVersion"
        ? "The folder was written by another version of textdiffusion; update, or remove the file to use the bare model"
        : `Keys: ${listNames(Object.keys(schema.shape))}`,
    details: { path, issues: result.error.issues },
  });
}

// --- internal ---

const fileName = "textdiffusion.json";
