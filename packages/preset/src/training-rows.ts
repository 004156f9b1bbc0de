import { createHash } from "node:crypto";
import {
  type DataDocument,
  DiffusionError,
  type Plugin,
  type Random,
  type Tokenizer,
  type TokenRow,
} from "@textdiffusion/core";
import {
  type EpochRows,
  encodeDocuments,
  type PromptPair,
  packRows,
  pairsFromJsonLines,
  readText,
  rowsFromPairs,
  shiftedRows,
  splitTail,
} from "@textdiffusion/data";
import type { DecodedConfig } from "./config.js";
import { trainingDocuments } from "./training-documents.js";

export interface TrainingRows {
  readonly train: readonly TokenRow[] | EpochRows;
  /** May be empty. */
  readonly validation: readonly TokenRow[];
  /** SHA-256 of the text. */
  readonly fingerprint: string;
}

interface RowShape {
  readonly rowLength: number;
  readonly frame: boolean;
}

/**
 * The text, or the pairs, of `data` as rows.
 *
 * @param random - says where each epoch begins to cut, with `data.shiftRows`
 * @throws DiffusionError `CONFIG_INVALID` without data or for choices that do not go together, `FILE_NOT_FOUND`,
 *   `DATA_INVALID`
 */
export async function trainingRows(
  tokenizer: Tokenizer,
  data: DecodedConfig["data"],
  plugins: readonly Plugin[],
  shape: RowShape,
  random: Random,
): Promise<TrainingRows> {
  if (data.format === "pairs") {
    if (data.shiftRows)
      throw invalid("expected data.shiftRows with a text, got it with pairs", "Leave it out");
    return data.file === undefined
      ? pairRows(tokenizer, data, plugins, shape)
      : pairFileRows(tokenizer, data, shape);
  }
  const { documents, name, fingerprint } = await trainingDocuments(data, plugins);
  if (documents.some(({ prompt }) => prompt !== undefined)) {
    throw invalid(`expected data.format: "pairs" with prompts, got none of it for ${name}`, "Add it");
  }
  const { train, validation } =
    data.split === "hash"
      ? splitByHash(tokenizer, documents, name, shape, data.validationShare)
      : splitAtEnd(tokenizer, documents, name, shape, data.validationShare);
  const { rowLength } = shape;
  return {
    train: data.shiftRows
      ? shiftedRows(train, rowLength, random, "the training text")
      : packRows(train, rowLength, "the training text"),
    validation:
      validation.length === 0
        ? []
        : packRows(validation, rowLength, "the validation text, a share of the whole,"),
    fingerprint,
  };
}

// --- internal ---

const DEFAULT_SHARE = 0.1;

interface SplitIds {
  readonly train: Int32Array;
  readonly validation: Int32Array;
}

function splitAtEnd(
  tokenizer: Tokenizer,
  documents: readonly DataDocument[],
  name: string,
  shape: RowShape,
  share: number | undefined,
): SplitIds {
  const ids = encodeDocuments(tokenizer, documents.map(textOf), shape);
  packRows(ids, shape.rowLength, name); // says how long the whole text is when it is too short
  const makesRow = Math.floor(ids.length * DEFAULT_SHARE) >= shape.rowLength;
  return splitTail(ids, share ?? (makesRow ? DEFAULT_SHARE : 0));
}

/** Each document by its own text, so that it stays on its side when others come or go; the same twice, both there. */
function splitByHash(
  tokenizer: Tokenizer,
  documents: readonly DataDocument[],
  name: string,
  shape: RowShape,
  share = DEFAULT_SHARE,
): SplitIds {
  const { train, validation } = groupsByHash(documents.map(textOf), (text) => text, name, share);
  return {
    train: encodeDocuments(tokenizer, train, shape),
    validation: encodeDocuments(tokenizer, validation, shape),
  };
}

/** @throws DiffusionError `DATA_INVALID` where one side has nothing */
function groupsByHash<Each>(
  all: readonly Each[],
  says: (each: Each) => string,
  name: string,
  share: number,
): { readonly train: Each[]; readonly validation: Each[] } {
  const train = all.filter((each) => !isHeldOut(says(each), share));
  const validation = all.filter((each) => isHeldOut(says(each), share));
  if (train.length > 0 && (validation.length > 0 || share === 0)) return { train, validation };
  throw new DiffusionError({
    code: "DATA_INVALID",
    component: "textdiffusion/train",
    problem: `expected documents on both sides of the split, got ${train.length} to train on and ${validation.length} held out of ${name}`,
    remedy: "Cut smaller documents (data.documents: line or paragraph), or split at the end",
  });
}

const textOf = ({ text }: DataDocument) => text;

/** Whether the first 48 bits of its SHA-256 are among the lowest share. */
function isHeldOut(text: string, share: number): boolean {
  return createHash("sha256").update(text).digest().readUIntBE(0, 6) < share * 2 ** 48;
}

async function pairRows(
  tokenizer: Tokenizer,
  data: DecodedConfig["data"],
  plugins: readonly Plugin[],
  shape: RowShape,
): Promise<TrainingRows> {
  const { documents, name, fingerprint } = await trainingDocuments(data, plugins);
  const pairs = documents.map(({ prompt, text }) => {
    if (prompt !== undefined) return { prompt, response: text };
    throw invalid(
      `expected a prompt with each text of ${name}, got a text alone`,
      'Give the source a "prompt"',
    );
  });
  return { ...rowsOfPairs(tokenizer, pairs, data, name, shape), fingerprint };
}

async function pairFileRows(
  tokenizer: Tokenizer,
  data: DecodedConfig["data"],
  shape: RowShape,
): Promise<TrainingRows> {
  const file = data.file ?? "";
  const text = await readText(file);
  const pairs = pairsFromJsonLines(text, file);
  const fingerprint = createHash("sha256").update(text).digest("hex");
  return { ...rowsOfPairs(tokenizer, pairs, data, file, shape), fingerprint };
}

function rowsOfPairs(
  tokenizer: Tokenizer,
  pairs: readonly PromptPair[],
  { split, validationShare: share = DEFAULT_SHARE }: DecodedConfig["data"],
  name: string,
  shape: RowShape,
): Pick<TrainingRows, "train" | "validation"> {
  const rows = rowsFromPairs(tokenizer, pairs, shape);
  if (split !== "hash") {
    const cut = rows.length - Math.floor(rows.length * share);
    return { train: rows.slice(0, cut), validation: rows.slice(cut) };
  }
  // All answers to a prompt on one side.
  const withRows = pairs.map(({ prompt }, index) => ({ prompt, row: rows[index] }));
  const { train, validation } = groupsByHash(withRows, ({ prompt }) => prompt, name, share);
  return { train: train.map(({ row }) => row), validation: validation.map(({ row }) => row) };
}

function invalid(problem: string, remedy: string): DiffusionError {
  return new DiffusionError({ code: "CONFIG_INVALID", component: "textdiffusion/train", problem, remedy });
}
