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
 * @param read - the records of a file from record `skip` on; records that make no document are counted and left out. It
 *   tells how much of the file is read, in [0, 1]
 */
export function fileSource(
  name: string,
  named: string | readonly string[],
  read: (file: DataFile, skip: number, tell: (share: number) => void) => AsyncIterable<FileRecord>,
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
      const sizes = await sizesOf(all);
      const total = sum(sizes);
      for (let file = start.file; file < all.length; file++) {
        const before = sum(sizes.slice(0, file));
        const skip = file === start.file ? start.record : 0;
        let ofFile = 0;
        const tell = (share: number) => {
          ofFile = share;
        };
        for await (const { end, ...document } of read(all[file], skip, tell)) {
          yield { ...document, next: { file, record: end }, share: (before + ofFile * sizes[file]) / total };
        }
      }
    },
  };
}

// --- internal ---

const sum = (sizes: readonly number[]) => sizes.reduce((total, size) => total + size, 0);

/** Bytes; of what cannot be looked at, 0: reading it says what is wrong. */
async function sizesOf(files: readonly DataFile[]): Promise<number[]> {
  const { stat } = await import("node:fs/promises");
  return Promise.all(files.map(async ({ path }) => (await stat(path).catch(() => undefined))?.size ?? 0));
}

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
