import { DiffusionError, type Random, type TokenRow } from "@textdiffusion/core";
import {
  type EpochRows,
  packedRows,
  packRows,
  partOf,
  shiftedRows,
  type TokenBuffer,
  type TokenSequence,
  tokenBuffer,
} from "@textdiffusion/data";
import { assertBothSides, DEFAULT_SHARE, isHeldOut } from "./hash-split.js";
import { type ReadDocuments, readDocuments } from "./read-documents.js";
import type { RowRequest } from "./row-request.js";

/** Tokens to train on, and what is held out of them: perhaps nothing. */
export interface TokenSides {
  readonly train: TokenSequence;
  readonly validation: TokenSequence;
}

/** The same as rows. */
export interface TextRows {
  readonly train: EpochRows;
  readonly validation: readonly TokenRow[] | EpochRows;
  readonly fingerprint: string;
}

/**
 * The texts of `data` as rows, some of them held out.
 *
 * @param random - says where each epoch begins to cut, with `data.shiftRows`
 */
export async function trainingTexts(request: RowRequest, random: Random): Promise<TextRows> {
  const { data, rowLength } = request;
  const { split, validationShare } = data;
  const share = split === "hash" ? (validationShare ?? DEFAULT_SHARE) : 0;
  const [toTrain, heldOut] = [tokenBuffer(), tokenBuffer()];
  let heldOutCount = 0;
  const { name, count, fingerprint } = await readIds(request, (text) => {
    if (!(share > 0 && isHeldOut(text, share))) return toTrain;
    heldOutCount++;
    return heldOut;
  });
  if (split === "hash") assertBothSides(count - heldOutCount, heldOutCount, name, share);
  const sides =
    split === "hash"
      ? { train: toTrain.ids(), validation: heldOut.ids() }
      : splitAtEnd(toTrain.ids(), rowLength, name, validationShare);
  return { ...rowsOfSides(sides, request, random), fingerprint };
}

/** @param share - default a tenth where that makes a row, else nothing */
export function splitAtEnd(
  ids: TokenSequence,
  rowLength: number,
  name: string,
  share: number | undefined,
): TokenSides {
  packedRows(ids, rowLength, name); // says how long the whole text is when it is too short
  const makesRow = Math.floor(ids.length * DEFAULT_SHARE) >= rowLength;
  const cut = ids.length - Math.floor(ids.length * (share ?? (makesRow ? DEFAULT_SHARE : 0)));
  return { train: partOf(ids, 0, cut), validation: partOf(ids, cut, ids.length) };
}

export function rowsOfSides(
  { train, validation }: TokenSides,
  { data, rowLength }: RowRequest,
  random: Random,
): Omit<TextRows, "fingerprint"> {
  return {
    train: data.shiftRows
      ? shiftedRows(train, rowLength, random, "the training text")
      : packedRows(train, rowLength, "the training text"),
    validation:
      validation.length === 0
        ? []
        : packedRows(validation, rowLength, "the validation text, a share of the whole,"),
  };
}

/** All texts of `data` as rows. */
export async function textRows(request: RowRequest): Promise<{ rows: TokenRow[]; fingerprint: string }> {
  const all = tokenBuffer();
  const { name, fingerprint } = await readIds(request, () => all);
  return { rows: packRows(all.ids(), request.rowLength, name), fingerprint };
}

/** @throws DiffusionError `CONFIG_INVALID` for a document that is a pair */
export function assertNoPrompt({ prompt }: { readonly prompt?: string }, name: string): void {
  if (prompt === undefined) return;
  throw new DiffusionError({
    code: "CONFIG_INVALID",
    component: "textdiffusion/train",
    problem: `expected data.format: "pairs" with prompts, got none of it for ${name}`,
    remedy: "Add it",
  });
}

// --- internal ---

/** Tokens are kept, texts are not: those of many short documents would need far more room. */
function readIds(
  { tokenizer, data, plugins, frame, observer }: RowRequest,
  bufferOf: (text: string) => TokenBuffer,
): Promise<ReadDocuments> {
  return readDocuments(
    data,
    plugins,
    (document, name) => {
      assertNoPrompt(document, name);
      bufferOf(document.text).push(tokenizer.encode(document.text, { frame }));
    },
    observer,
  );
}
