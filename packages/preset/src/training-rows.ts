import { createHash } from "node:crypto";
import { DiffusionError, type Random, type Tokenizer, type TokenRow } from "@textdiffusion/core";
import {
  type EpochRows,
  encodeDocuments,
  packRows,
  pairsFromJsonLines,
  readText,
  rowsFromPairs,
  shiftedRows,
  splitDocuments,
  splitTail,
} from "@textdiffusion/data";
import type { DecodedConfig } from "./config.js";

export interface TrainingRows {
  readonly train: readonly TokenRow[] | EpochRows;
  /** May be empty. */
  readonly validation: readonly TokenRow[];
  /** SHA-256 of the text. */
  readonly fingerprint: string;
}

/**
 * The text, or the pairs, of `data.file` as rows.
 *
 * @param random - says where each epoch begins to cut, with `data.shiftRows`
 * @throws DiffusionError `CONFIG_INVALID` without a file, `FILE_NOT_FOUND`, `DATA_INVALID`
 */
export async function trainingRows(
  tokenizer: Tokenizer,
  data: DecodedConfig["data"],
  shape: { readonly rowLength: number; readonly frame: boolean },
  random: Random,
): Promise<TrainingRows> {
  const { file, documents } = data;
  if (file === undefined) {
    throw new DiffusionError({
      code: "CONFIG_INVALID",
      component: "textdiffusion/train",
      problem: "expected a text to train on in data.file, got none",
      remedy: "Name a file of UTF-8 text (--data on the command line)",
    });
  }
  const text = await readText(file);
  const fingerprint = createHash("sha256").update(text).digest("hex");
  if (data.format === "pairs") {
    const rows = rowsFromPairs(tokenizer, pairsFromJsonLines(text, file), shape);
    const held = Math.floor(rows.length * (data.validationShare ?? DEFAULT_SHARE));
    return {
      train: rows.slice(0, rows.length - held),
      validation: rows.slice(rows.length - held),
      fingerprint,
    };
  }
  const ids = encodeDocuments(tokenizer, splitDocuments(text, documents), shape);
  packRows(ids, shape.rowLength, file); // says how long the whole text is when it is too short
  const makesRow = Math.floor(ids.length * DEFAULT_SHARE) >= shape.rowLength;
  const validationShare = data.validationShare ?? (makesRow ? DEFAULT_SHARE : 0);
  const { train, validation } = splitTail(ids, validationShare);
  const { rowLength } = shape;
  const held = `the validation text (the last ${validationShare * 100} %)`;
  return {
    train: data.shiftRows
      ? shiftedRows(train, rowLength, random, "the training text")
      : packRows(train, rowLength, "the training text"),
    validation: validationShare === 0 ? [] : packRows(validation, rowLength, held),
    fingerprint,
  };
}

// --- internal ---

const DEFAULT_SHARE = 0.1;
