import { defineSource } from "@textdiffusion/core";
import { z } from "zod";
import { documentSplitter, documentUnits } from "../text/document-splitter.js";
import { type FileRecord, fileSource, filesOption } from "./file-source.js";
import { textPieces } from "./text-pieces.js";

const options = z.strictObject({
  files: filesOption,
  documents: z.enum(documentUnits).default("file").describe("what counts as one document"),
});

export type TextSourceOptions = z.input<typeof options>;

/** Files of plain text, also compressed with gzip. Each file is whole documents: none goes on in the next. */
export const textSource = defineSource({
  name: "text",
  description: "Files of UTF-8 text, also in gzip: folders, patterns, standard input.",
  source: "Own",
  options,
  create: ({ files, documents }) =>
    fileSource("text", files, async function* (file, skip, tell): AsyncGenerator<FileRecord, void, void> {
      const splitter = documentSplitter(documents);
      let record = 0;
      for await (const piece of textPieces(file, tell)) yield* counted(splitter.push(piece));
      yield* counted(splitter.end());

      function* counted(texts: readonly string[]): Generator<FileRecord, void, void> {
        for (const text of texts) if (++record > skip) yield { text, end: record };
      }
    }),
});
