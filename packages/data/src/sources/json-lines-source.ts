import { defineSource } from "@textdiffusion/core";
import { z } from "zod";
import { documentSplitter } from "../text/document-splitter.js";
import { type FileRecord, fileSource, filesOption } from "./file-source.js";
import { type DataRecord, recordOptions, recordReader } from "./records.js";
import { sourceError } from "./source-errors.js";
import { textPieces } from "./text-pieces.js";

const options = z.strictObject({ files: filesOption, ...recordOptions });

export type JsonLinesSourceOptions = z.input<typeof options>;

/** A record a line, blank lines aside. */
export const jsonLinesSource = defineSource({
  name: "json-lines",
  description:
    "Files of JSON Lines, also in gzip: the text of a field, or pairs of two; records by conditions.",
  source: "Own",
  options,
  create: ({ files, ...choices }) => {
    const documentOf = recordReader(choices);
    return fileSource("json-lines", files, async function* (file, skip, tell): AsyncGenerator<
      FileRecord,
      void,
      void
    > {
      const splitter = documentSplitter("line");
      let line = 0;
      for await (const piece of textPieces(file, tell)) yield* documents(splitter.push(piece));
      yield* documents(splitter.end());

      function* documents(lines: readonly string[]): Generator<FileRecord, void, void> {
        for (const text of lines) {
          if (++line <= skip) continue;
          const place = `record ${line} of ${file.name}`;
          const document = documentOf(parseRecord(text, place), place);
          if (document) yield { ...document, end: line };
        }
      }
    });
  },
});

// --- internal ---

function parseRecord(line: string, place: string): DataRecord {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {} // undefined is refused below
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as DataRecord;
  throw sourceError(
    "DATA_INVALID",
    `expected a JSON object in ${place}, got ${JSON.stringify(line.length > 60 ? `${line.slice(0, 60)}...` : line)}`,
    "Correct the file, or copy it again if it was cut short",
  );
}
