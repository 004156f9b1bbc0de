import { createHash } from "node:crypto";
import {
  byName,
  createPipeline,
  type DataDocument,
  DiffusionError,
  listNames,
  type Plugin,
} from "@textdiffusion/core";
import { readText } from "@textdiffusion/data";
import type { DecodedConfig } from "./config.js";
import { defaultPlugins } from "./default-plugins.js";

/** All documents of a source, in its order. */
export interface TrainingDocuments {
  readonly documents: readonly DataDocument[];
  /** Where they came from, for messages. */
  readonly name: string;
  /** SHA-256 of the documents; of one plain file, of its text, by which an evaluation knows it again. */
  readonly fingerprint: string;
}

/**
 * The documents that `data` names: by `source`, or by `file`, which may be a folder or a pattern, too.
 *
 * @throws DiffusionError `CONFIG_INVALID` without either or with both, what the source throws, and `DATA_INVALID` for one
 *   without a document
 */
export async function trainingDocuments(
  { file, source, documents: unit }: DecodedConfig["data"],
  plugins: readonly Plugin[],
): Promise<TrainingDocuments> {
  const given = { "data.file": file, "data.source": source };
  const said = Object.entries(given).flatMap(([name, value]) => (value === undefined ? [] : [name]));
  if (said.length !== 1) {
    throw failure(
      "CONFIG_INVALID",
      `expected a text to train on in data.file or in data.source, got ${said.length === 0 ? "none" : listNames(said)}`,
      "Name a file of UTF-8 text (--data on the command line)",
    );
  }
  const choice = file === undefined ? source : byName(sourceOfFiles(file, unit));
  const pipeline = await createPipeline({ plugins: [...defaultPlugins, ...plugins], source: choice });
  try {
    const reading = await pipeline.get("source");
    const hash = createHash("sha256");
    const documents: DataDocument[] = [];
    for await (const document of reading.documents()) {
      documents.push(document);
      hash.update(JSON.stringify([document.prompt, document.text]));
    }
    const name = file ?? `the source "${reading.name}"`;
    if (documents.length > 0) {
      return { documents, name, fingerprint: (await hashOfText(file)) ?? hash.digest("hex") };
    }
    throw failure("DATA_INVALID", `expected text in ${name}, got none`, "Name other data");
  } finally {
    await pipeline.dispose();
  }
}

// --- internal ---

/** @returns undefined for what is not one plain file of text */
async function hashOfText(file: string | undefined): Promise<string | undefined> {
  const text = file === undefined ? undefined : await readText(file).catch(() => undefined);
  return text === undefined ? undefined : createHash("sha256").update(text).digest("hex");
}

/** By the ending of their names. */
function sourceOfFiles(
  files: string,
  documents: string,
): { readonly name: string; readonly [option: string]: unknown } {
  if (/\.(jsonl|ndjson)(\.gz)?$/.test(files)) return { name: "json-lines", files };
  if (/\.parquet$/.test(files)) return { name: "parquet", files };
  return { name: "text", files, documents };
}

function failure(code: "CONFIG_INVALID" | "DATA_INVALID", problem: string, remedy: string): DiffusionError {
  return new DiffusionError({ code, component: "textdiffusion/train", problem, remedy });
}
