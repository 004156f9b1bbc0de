import { DiffusionError, listNames, type Tokenizer } from "@textdiffusion/core";
import { type DocumentUnit, documentSplitter, documentUnits } from "./document-splitter.js";
import { tokenBuffer } from "./token-buffer.js";

/**
 * Cuts a text into documents. Lines and paragraphs of white space alone are left out, and so are the line ends between
 * documents.
 *
 * @throws DiffusionError `CONFIG_INVALID` for another unit
 */
export function splitDocuments(text: string, unit: DocumentUnit): string[] {
  if (!documentUnits.includes(unit)) {
    throw new DiffusionError({
      code: "CONFIG_INVALID",
      component: "data/documents",
      problem: `expected documents to be one of ${listNames(documentUnits)}, got ${JSON.stringify(unit)}`,
      remedy: "Correct the word",
    });
  }
  const splitter = documentSplitter(unit);
  return [...splitter.push(text), ...splitter.end()];
}

/**
 * The documents as one stream of token ids.
 *
 * @param options - `frame`: put the model's begin and end tokens around each document. Without them nothing in the
 *   stream tells where a document ends, so a model learns to write on, not to stop.
 * @returns shape [tokens]
 */
export function encodeDocuments(
  tokenizer: Tokenizer,
  documents: readonly string[],
  { frame = false }: { readonly frame?: boolean } = {},
): Int32Array {
  const buffer = tokenBuffer();
  for (const document of documents) buffer.push(tokenizer.encode(document, { frame }));
  return buffer.ids();
}
