import { DiffusionError, type Plugin, type Random, type Tokenizer, type TokenRow } from "@textdiffusion/core";
import { type EpochRows, packRows, shiftedRows, splitTail, tokenBuffer } from "@textdiffusion/data";
import type { DecodedConfig } from "./config.js";
import { assertBothSides, isHeldOut } from "./hash-split.js";
import { type ReadingObserver, readDocuments } from "./read-documents.js";
import { trainingPairs } from "./training-pairs.js";

export interface TrainingRows {
  readonly train: readonly TokenRow[] | EpochRows;
  /** May be empty. */
  readonly validation: readonly TokenRow[];
  /** SHA-256 of the text. */
  readonly fingerprint: string;
}

/**
 * The text, or the pairs, of `data` as rows.
 *
 * @param random - says where each epoch begins to cut, with `data.shiftRows`
 * @throws DiffusionError `CONFIG_INVALID` without data or for choices that do not go together, `FILE_NOT_FOUND`,
 *   `DATA_INVALID`, `ABORTED`
 */
export async function trainingRows(
  tokenizer: Tokenizer,
  data: DecodedConfig["data"],
  plugins: readonly Plugin[],
  { rowLength, frame }: { readonly rowLength: number; readonly frame: boolean },
  random: Random,
  observer: ReadingObserver = {},
): Promise<TrainingRows> {
  if (data.format === "pairs") {
    if (!data.shiftRows) return trainingPairs(tokenizer, data, plugins, rowLength, observer);
    throw invalid("expected data.shiftRows with a text, got it with pairs", "Leave it out");
  }
  const share = data.split === "hash" ? (data.validationShare ?? DEFAULT_SHARE) : 0;
  const [toTrain, heldOut] = [tokenBuffer(), tokenBuffer()];
  let heldOutCount = 0;
  // Tokens are kept, texts are not: those of many short documents would need far more room.
  const { name, count, fingerprint } = await readDocuments(
    data,
    plugins,
    ({ text, prompt }, from) => {
      if (prompt !== undefined) {
        throw invalid(`expected data.format: "pairs" with prompts, got none of it for ${from}`, "Add it");
      }
      const isOut = share > 0 && isHeldOut(text, share);
      if (isOut) heldOutCount++;
      (isOut ? heldOut : toTrain).push(tokenizer.encode(text, { frame }));
    },
    observer,
  );
  if (data.split === "hash") assertBothSides(count - heldOutCount, heldOutCount, name, share);
  const { train, validation } =
    data.split === "hash"
      ? { train: toTrain.ids(), validation: heldOut.ids() }
      : splitAtEnd(toTrain.ids(), rowLength, name, data.validationShare);
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

/** The share that is held out where none is said. */
const DEFAULT_SHARE = 0.1;

/** @param share - default a tenth where that makes a row, else nothing */
function splitAtEnd(ids: Int32Array, rowLength: number, name: string, share: number | undefined) {
  packRows(ids, rowLength, name); // says how long the whole text is when it is too short
  const makesRow = Math.floor(ids.length * DEFAULT_SHARE) >= rowLength;
  return splitTail(ids, share ?? (makesRow ? DEFAULT_SHARE : 0));
}

function invalid(problem: string, remedy: string): DiffusionError {
  return new DiffusionError({ code: "CONFIG_INVALID", component: "textdiffusion/train", problem, remedy });
}
