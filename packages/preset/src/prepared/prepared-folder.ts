import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type DataPosition, DiffusionError } from "@textdiffusion/core";
import { documentUnits, type FileTokenizer } from "@textdiffusion/data";
import { z } from "zod";

/** Says what a folder of prepared tokens holds. It is written last. */
const PREPARED_FILE = "prepared.json";
/** Says how far a preparation came that has not ended. */
const PROGRESS_FILE = "progress.json";

/** The file of tokens of each side. */
export const tokenFileNames = { train: "train.tokens", validation: "validation.tokens" } as const;

const count = z.int().nonnegative();
const sides = z.strictObject({ train: count, validation: count });

/** What decides the tokens: a preparation goes on only where all of it is the same. */
const choicesSchema = z.strictObject({
  /** SHA-256 of its tokenizer.json. */
  tokenizer: z.string(),
  vocabularySize: z.int().positive(),
  frame: z.boolean(),
  documents: z.enum(documentUnits),
  format: z.string().nullable(),
  /** What the source says of itself. */
  source: z.string(),
  /** The share that the hash holds out; null: nothing is held out. */
  hashShare: z.number().nullable(),
  bytesPerToken: z.union([z.literal(2), z.literal(4)]),
});

export type PreparedChoices = z.output<typeof choicesSchema>;

const progressSchema = z.strictObject({
  format: z.literal(1),
  choices: choicesSchema,
  /** From where the source is read on; absent: from its beginning. */
  position: (z.json() as z.ZodType<DataPosition>).optional(),
  documents: sides,
  characters: count,
  tokens: sides,
});

export type PreparationProgress = z.output<typeof progressSchema>;

const preparedSchema = progressSchema.omit({ position: true }).extend({
  /** Of the files of tokens. */
  sha256: z.strictObject({ train: z.string(), validation: z.string() }),
});

export type PreparedData = z.output<typeof preparedSchema>;

export function isPrepared(folder: string): boolean {
  return existsSync(join(folder, PREPARED_FILE)) || existsSync(join(folder, PROGRESS_FILE));
}

/** @throws DiffusionError `DATA_INVALID` for a folder that is not prepared to its end */
export async function readPrepared(folder: string): Promise<PreparedData> {
  const prepared = await readJson(join(folder, PREPARED_FILE), preparedSchema);
  if (prepared !== undefined) return prepared;
  throw invalid(
    `expected tokens that are prepared to their end in ${folder}, got a part of them`,
    "Run prepare again, which goes on where it stopped",
  );
}

/** How far a preparation came, and what it made if it ended. Undefined where none was begun. @throws DiffusionError `DATA_INVALID` */
export async function readProgress(
  folder: string,
): Promise<{ readonly progress: PreparationProgress; readonly done?: PreparedData } | undefined> {
  const done = await readJson(join(folder, PREPARED_FILE), preparedSchema);
  if (done !== undefined) return { progress: done, done };
  const progress = await readJson(join(folder, PROGRESS_FILE), progressSchema);
  return progress && { progress };
}

export function writeProgress(folder: string, progress: PreparationProgress): Promise<void> {
  return writeJson(folder, PROGRESS_FILE, progress);
}

export function removeProgress(folder: string): Promise<void> {
  return rm(join(folder, PROGRESS_FILE), { force: true });
}

export function writePrepared(folder: string, prepared: PreparedData): Promise<void> {
  return writeJson(folder, PREPARED_FILE, prepared);
}

export function hashOfTokenizer(tokenizer: FileTokenizer): string {
  return createHash("sha256").update(tokenizer.files["tokenizer.json"]).digest("hex");
}

// --- internal ---

async function readJson<Schema extends z.ZodType>(
  file: string,
  schema: Schema,
): Promise<z.output<Schema> | undefined> {
  if (!existsSync(file)) return undefined;
  const text = await readFile(file, "utf8");
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    json = text.slice(0, 40);
  }
  const { success, data, error } = schema.safeParse(json);
  if (success) return data;
  const [{ path, message }] = error.issues;
  throw invalid(
    `expected what prepare wrote in ${file}, got${path.length === 0 ? "" : ` at ${path.join(".")}`}: ${message}`,
    "Prepare the data again, into another folder",
  );
}

/** Whole or not at all. */
async function writeJson(folder: string, name: string, value: object): Promise<void> {
  const temporary = join(folder, `.${name}.${process.pid}`);
  await writeFile(temporary, `${JSON.stringify(value, null, 2)}\n`, { flush: true });
  await rename(temporary, join(folder, name));
}

function invalid(problem: string, remedy: string): DiffusionError {
  return new DiffusionError({ code: "DATA_INVALID", component: "textdiffusion/prepare", problem, remedy });
}
