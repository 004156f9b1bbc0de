import type { Tokenizer, TokenRow } from "@textdiffusion/core";
import type { DocumentUnit } from "./document-splitter.js";
import { encodeDocuments, splitDocuments } from "./documents.js";
import { packRows, splitTail } from "./pack-rows.js";

export interface RowsFromTextOptions {
  /** Tokens of a row. */
  readonly rowLength: number;
  /** Default "file". */
  readonly documents?: DocumentUnit;
  /** Put the model's begin and end tokens around each document. Default false. */
  readonly frame?: boolean;
  /** The share at the end of the text that is held back. Default 0.1; 0 holds nothing back. */
  readonly validationShare?: number;
}

/**
 * The usual way from a text to rows: documents, tokens, the split, then the cut.
 *
 * @throws DiffusionError `DATA_INVALID` when a part is shorter than one row, `CONFIG_INVALID` for a bad option
 */
export function rowsFromText(
  tokenizer: Tokenizer,
  text: string,
  { rowLength, documents = "file", frame = false, validationShare = 0.1 }: RowsFromTextOptions,
): { train: TokenRow[]; validation: TokenRow[] } {
  const ids = encodeDocuments(tokenizer, splitDocuments(text, documents), { frame });
  const { train, validation } = splitTail(ids, validationShare);
  return {
    train: packRows(train, rowLength, "the training text"),
    validation:
      validationShare === 0
        ? []
        : packRows(validation, rowLength, `the validation text (the last ${validationShare * 100} %)`),
  };
}
