import { createHash } from "node:crypto";
import {
  byName,
  createPipeline,
  type DataDocument,
  DiffusionError,
  type ErrorCode,
  listNames,
  type NamedChoice,
  type Plugin,
} from "@textdiffusion/core";
import { dataFiles, readText } from "@textdiffusion/data";
import type { DecodedConfig } from "./config.js";
import { defaultPlugins } from "./default-plugins.js";

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

/** Who looks on while documents are read. */
export interface ReadingObserver {
  /** Ends the reading behind the document at hand. */
  readonly signal?: AbortSignal;
  /** After each document: how many there were, and how many UTF-16 characters they have. */
  readonly onRead?: (documents: number, characters: number) => void;
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
      if (signal?.aborted)
        throw failure("ABORTED", "expected to read all documents, got a signal to stop", "Begin again");
      if (done) return value;
      each(value.document, value.from);
      characters += value.document.text.length;
      onRead?.(++count, characters);
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
  { file, source, documents: unit, format }: DocumentChoice,
  plugins: readonly Plugin[] = [],
): AsyncGenerator<{ readonly document: DataDocument; readonly from: string }, ReadDocuments, void> {
  const given = { "data.file": file, "data.source": source };
  const said = Object.entries(given).flatMap(([name, value]) => (value === undefined ? [] : [name]));
  if (said.length !== 1) {
    throw failure(
      "CONFIG_INVALID",
      `expected a text in data.file or in data.source, got ${said.length === 0 ? "none" : listNames(said)}`,
      "Name a file of UTF-8 text (--data on the command line)",
    );
  }
  const files = file === undefined ? undefined : await filesNamed(file, format === "text");
  const choice = files ? byName(choiceOf(files.source, file ?? "", unit)) : source;
  const pipeline = await createPipeline({ plugins: [...defaultPlugins, ...plugins], source: choice });
  try {
    const reading = await pipeline.get("source");
    const hash = createHash("sha256");
    const name = files?.name ?? `the source "${reading.name}"`;
    let count = 0;
    for await (const document of reading.documents()) {
      count++;
      yield { document, from: name };
      hash.update(`${JSON.stringify(document.prompt)} ${document.text.length} ${document.text}`);
    }
    if (count === 0) throw failure("DATA_INVALID", `expected text in ${name}, got none`, "Name other data");
    return { name, count, fingerprint: (await hashOfText(files)) ?? hash.digest("hex") };
  } finally {
    await pipeline.dispose();
  }
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
async function filesNamed(file: string, isText: boolean): Promise<NamedFiles> {
  const files = await dataFiles(file);
  const name = files.length === 1 ? files[0].name : file;
  const sources = [...new Set(files.map((each) => (isText ? "text" : sourceOf(each.name))))];
  if (sources.length === 1) {
    return { name, source: sources[0], onlyPath: files.length === 1 ? files[0].path : undefined };
  }
  throw failure(
    "DATA_INVALID",
    `expected files of one kind in ${name}, got some for each of the sources ${listNames(sources)}`,
    "Name them by a pattern, or say which source reads them (data.source)",
  );
}

/** By the ending of its name. */
function sourceOf(name: string): NamedFiles["source"] {
  if (/\.(jsonl|ndjson)(\.gz)?$/i.test(name)) return "json-lines";
  return /\.parquet$/i.test(name) ? "parquet" : "text";
}

function choiceOf(name: NamedFiles["source"], files: string, documents: string): NamedChoice {
  return name === "text" ? { name, files, documents } : { name, files };
}

async function hashOfText(files: NamedFiles | undefined): Promise<string | undefined> {
  if (files?.source !== "text" || files.onlyPath === undefined) return undefined;
  const text = await readText(files.onlyPath).catch(() => undefined); // in gzip, perhaps
  return text === undefined ? undefined : createHash("sha256").update(text).digest("hex");
}

function failure(code: ErrorCode, problem: string, remedy: string): DiffusionError {
  return new DiffusionError({ code, component: "textdiffusion/data", problem, remedy });
}
