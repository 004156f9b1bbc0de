import { createHash } from "node:crypto";
import {
  byName,
  createPipeline,
  type DataDocument,
  type DataSource,
  DiffusionError,
  type ErrorCode,
  listNames,
  type NamedChoice,
  type Plugin,
} from "@textdiffusion/core";
import { dataFiles, readText } from "@textdiffusion/data";
import type { DecodedConfig } from "./config.js";
import { defaultPlugins } from "./default-plugins.js";
import { isPrepared } from "./prepared/prepared-folder.js";

/** Where documents are: `data` of a config, or what `--data` names as `file`. */
export type DocumentChoice = Pick<DecodedConfig["data"], "file" | "source" | "documents" | "format">;

/** What was read. */
export interface ReadDocuments {
  /** Where they came from, for messages. */
  readonly name: string;
  /** Documents; at least one. */
  readonly count: number;
  /** SHA-256 of the documents; of one file of text, of that text, by which an evaluation knows it again. */
  readonly fingerprint: string;
}

export interface OpenedDocuments {
  readonly source: DataSource;
  /** Where they come from, for messages. */
  readonly name: string;
  readonly files?: NamedFiles;
  dispose(): Promise<void>;
}

/** Who looks on while documents are read. */
export interface ReadingObserver {
  /** Ends the reading behind the document at hand. */
  readonly signal?: AbortSignal;
  /**
   * After each document: how many there were, how many UTF-16 characters they have, and how much of all is read, in [0, 1],
   * where the source knows.
   */
  readonly onRead?: (documents: number, characters: number, share?: number) => void;
}

/**
 * Reads the documents that `data` names: by `source`, or by `file`, which may be a folder or a pattern, too. None is kept.
 *
 * @param each - is given every document, in the order of the source
 * @throws DiffusionError as `documentsOf`; `ABORTED`
 */
export async function readDocuments(
  data: DocumentChoice,
  plugins: readonly Plugin[],
  each: (document: DataDocument, from: string) => void,
  { signal, onRead }: ReadingObserver = {},
): Promise<ReadDocuments> {
  const documents = documentsOf(data, plugins);
  let [count, characters] = [0, 0];
  try {
    for (;;) {
      const { value, done } = await documents.next();
      assertGoesOn(signal);
      if (done) return value;
      each(value.document, value.from);
      characters += value.document.text.length;
      onRead?.(++count, characters, value.document.share);
    }
  } finally {
    await documents.return(undefined as never);
  }
}

/**
 * The same as a stream, which ends with what was read.
 *
 * @throws DiffusionError `CONFIG_INVALID` without a file and a source or with both, what the source throws, and
 *   `DATA_INVALID` for files of different kinds and for a source without a document
 */
export async function* documentsOf(
  data: DocumentChoice,
  plugins: readonly Plugin[] = [],
): AsyncGenerator<{ readonly document: DataDocument; readonly from: string }, ReadDocuments, void> {
  const { source, name, files, dispose } = await openDocuments(data, plugins);
  try {
    const hash = createHash("sha256");
    let count = 0;
    for await (const document of source.documents()) {
      count++;
      yield { document, from: name };
      hash.update(`${JSON.stringify(document.prompt)} ${document.text.length} ${document.text}`);
    }
    if (count === 0) throw failure("DATA_INVALID", `expected text in ${name}, got none`, "Name other data");
    return { name, count, fingerprint: (await hashOfText(files)) ?? hash.digest("hex") };
  } finally {
    await dispose();
  }
}

/**
 * The source that `data` names, which nobody read yet.
 *
 * @returns the caller disposes of it
 * @throws DiffusionError `CONFIG_INVALID` without a file and a source or with both, `FILE_NOT_FOUND`, and `DATA_INVALID`
 *   for files of different kinds
 */
export async function openDocuments(
  { file, source, documents: unit, format }: DocumentChoice,
  plugins: readonly Plugin[],
): Promise<OpenedDocuments> {
  const given = { "data.file": file, "data.source": source };
  const said = Object.entries(given).flatMap(([name, value]) => (value === undefined ? [] : [name]));
  if (said.length !== 1) {
    throw failure(
      "CONFIG_INVALID",
      `expected a text in data.file or in data.source, got ${said.length === 0 ? "none" : listNames(said)}`,
      "Name a file of UTF-8 text (--data on the command line)",
    );
  }
  if (file !== undefined && isPrepared(file)) {
    throw failure(
      "CONFIG_INVALID",
      `expected texts in ${file}, got tokens`,
      "Name the data that they were prepared from",
    );
  }
  const files = file === undefined ? undefined : await filesNamed(file, format);
  const choice = files ? byName(choiceOf(files.source, file ?? "", { documents: unit, format })) : source;
  const pipeline = await createPipeline({ plugins: [...defaultPlugins, ...plugins], source: choice });
  const dispose = () => pipeline.dispose();
  try {
    const opened = await pipeline.get("source");
    return { source: opened, name: files?.name ?? `the source "${opened.name}"`, files, dispose };
  } catch (error) {
    await dispose();
    throw error;
  }
}

/** @throws DiffusionError `ABORTED` */
export function assertGoesOn(signal: AbortSignal | undefined): void {
  if (!signal?.aborted) return;
  throw failure("ABORTED", "expected to read all documents, got a signal to stop", "Begin again");
}

// --- internal ---

/** What `data.file` names. */
interface NamedFiles {
  /** For messages. */
  readonly name: string;
  readonly source: "text" | "json-lines" | "parquet";
  /** The only one there is. */
  readonly onlyPath?: string;
}

/** @throws DiffusionError `FILE_NOT_FOUND`, `DATA_INVALID` */
async function filesNamed(file: string, format: DocumentChoice["format"]): Promise<NamedFiles> {
  const files = await dataFiles(file);
  const name = files.length === 1 ? files[0].name : file;
  const sources = [...new Set(files.map((each) => sourceOf(each.name, format)))];
  if (sources.length === 1) {
    return { name, source: sources[0], onlyPath: files.length === 1 ? files[0].path : undefined };
  }
  throw failure(
    "DATA_INVALID",
    `expected files of one kind in ${name}, got some for each of the sources ${listNames(sources)}`,
    "Name them by a pattern, or say which source reads them (data.source)",
  );
}

/** By the ending of its name; what holds pairs and no Parquet is JSON Lines, whatever its name. */
function sourceOf(name: string, format: DocumentChoice["format"]): NamedFiles["source"] {
  if (format === "text") return "text";
  if (/\.parquet$/i.test(name)) return "parquet";
  return format === "pairs" || /\.(jsonl|ndjson)(\.gz)?$/i.test(name) ? "json-lines" : "text";
}

function choiceOf(
  name: NamedFiles["source"],
  files: string,
  { documents, format }: Pick<DocumentChoice, "documents" | "format">,
): NamedChoice {
  if (name === "text") return { name, files, documents };
  return format === "pairs" ? { name, files, prompt: "prompt", text: "response" } : { name, files };
}

async function hashOfText(files: NamedFiles | undefined): Promise<string | undefined> {
  if (files?.source !== "text" || files.onlyPath === undefined) return undefined;
  const text = await readText(files.onlyPath).catch(() => undefined); // in gzip, perhaps
  return text === undefined ? undefined : createHash("sha256").update(text).digest("hex");
}

function failure(code: ErrorCode, problem: string, remedy: string): DiffusionError {
  return new DiffusionError({ code, component: "textdiffusion/data", problem, remedy });
}
