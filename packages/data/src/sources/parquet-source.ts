import { defineSource } from "@textdiffusion/core";
import { z } from "zod";
import type { DataFile } from "./data-files.js";
import { type FileRecord, fileSource, filesOption } from "./file-source.js";
import { type DataRecord, fieldsOf, recordOptions, recordReader } from "./records.js";
import { messageOf, sourceError } from "./source-errors.js";

const options = z.strictObject({ files: filesOption, ...recordOptions });

export type ParquetSourceOptions = z.input<typeof options>;

/** The columns that are asked for, a group of rows at a time. */
export const parquetSource = defineSource({
  name: "parquet",
  description: "Files of Apache Parquet: the text of a column, or pairs of two; rows by conditions.",
  source: "Own",
  options,
  create: ({ files, ...choices }) => {
    const documentOf = recordReader(choices);
    return fileSource("parquet", files, async function* (file, skip, tell): AsyncGenerator<
      FileRecord,
      void,
      void
    > {
      let row = skip;
      for await (const record of rowsOf(file, fieldsOf(choices), skip, tell)) {
        const document = documentOf(record, `row ${row} of ${file.name}`);
        row++;
        if (document) yield { ...document, end: row };
      }
    });
  },
});

// --- internal ---

async function* rowsOf(
  { name, path }: DataFile,
  columns: readonly string[],
  skip: number,
  tell: (share: number) => void,
): AsyncGenerator<DataRecord, void, void> {
  const { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects, parquetSchema } = await import(
    "hyparquet"
  );
  const { compressors } = await import("hyparquet-compressors");
  const file = await asyncBufferFromFile(path);
  const metadata = await parquetMetadataAsync(file).catch((error: unknown) => {
    throw damaged(name, error);
  });
  const known = parquetSchema(metadata).children.map(({ element }) => element.name);
  const missing = columns.find((column) => !known.includes(column));
  if (missing !== undefined) {
    throw sourceError(
      "DATA_INVALID",
      `expected a column ${missing} in ${name}, got ${known.join(", ") || "none"}`,
      "Say which column has the text",
    );
  }
  let rowStart = 0;
  for (const group of metadata.row_groups) {
    const rowEnd = rowStart + Number(group.num_rows);
    // A group is unpacked as a whole however few of its rows are asked for, so it is asked for once.
    if (rowEnd > skip) {
      const from = Math.max(rowStart, skip);
      const asked = { file, metadata, compressors, columns: [...columns], rowStart: from, rowEnd };
      const rows = await parquetReadObjects(asked).catch((error: unknown) => {
        throw damaged(name, error);
      });
      for (const [index, row] of rows.entries()) {
        tell((from + index + 1) / Number(metadata.num_rows));
        yield row;
      }
    }
    rowStart = rowEnd;
  }
}

function damaged(name: string, error: unknown): Error {
  return sourceError(
    "DATA_INVALID",
    `expected a whole Parquet file ${name}, got "${messageOf(error)}"`,
    "Copy or download the file again",
    error,
  );
}
