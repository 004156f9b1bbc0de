import type { DataDocument, DataPosition, DataSource } from "@textdiffusion/core";
import { z } from "zod";
import { type DataFile, dataFiles, fingerprintOfFiles } from "./data-files.js";
import { sourceError } from "./source-errors.js";

/** The option of every source of files. */
export const filesOption = z
  .union([z.string().min(1), z.array(z.string().min(1)).min(1)])
  .default("-")
  .describe("paths, folders and glob patterns; - is standard input");

/** A document, and how many records of its file lie before and in it. */
export interface FileRecord {
  readonly text: string;
  readonly prompt?: string;
  readonly end: number;
}

/**
 * A source of documents that lie in files, one file after the other.
 *
 * @param read - the records of a file from record `skip` on; records that make no document are counted and left out
 */
export function fileSource(
  name: string,
  named: string | readonly string[],
  read: (file: DataFile, skip: number) => AsyncIterable<FileRecord>,
): DataSource {
  let listed: Promise<DataFile[]> | undefined; // once: files that appear during a training are not part of it
  const files = () => {
    listed ??= dataFiles(named);
    return listed;
  };
  return {
    name,
    fingerprint: async () => fingerprintOfFiles(await files()),
    async *documents(from): AsyncGenerator<DataDocument, void, void> {
      const all = await files();
      const start = from === undefined ? { file: 0, record: 0 } : positionIn(from, all.length);
      for (let file = start.file; file < all.length; file++) {
        for await (const { end, ...document } of read(all[file], file === start.file ? start.record : 0)) {
          yield { ...document, next: { file, record: end } };
        }
      }
    },
  };
}

// --- internal ---

const positionSchema = z.strictObject({ file: z.int().nonnegative(), record: z.int().nonnegative() });

function positionIn(position: DataPosition, fileCount: number): z.output<typeof positionSchema> {
  const result = positionSchema.safeParse(position);
  if (result.success && result.data.file < fileCount) return result.data;
  throw sourceError(
    "DATA_INVALID",
    `expected a position in ${fileCount} file${fileCount === 1 ? "" : "s"}, got ${JSON.stringify(position)}`,
    "Give the files that the position is from",
  );
}
