import { DiffusionError, type Random } from "@textdiffusion/core";
import { createRowOrder } from "@textdiffusion/data";
import type { DecodedConfig } from "./config.js";
import { isPrepared } from "./prepared/prepared-folder.js";
import { preparedTexts } from "./prepared/prepared-texts.js";
import type { RowRequest, TrainingRows } from "./row-request.js";
import { streamedRows } from "./streamed-rows.js";
import { pairRows, trainingPairs } from "./training-pairs.js";
import { textRows, trainingTexts } from "./training-texts.js";

/**
 * The texts, or the pairs, of `data` as rows.
 *
 * @param random - of the run: it orders the rows of each epoch, and says where each begins to cut, with `data.shiftRows`
 * @returns the caller disposes of it
 * @throws DiffusionError `CONFIG_INVALID` without data or for choices that do not go together, `FILE_NOT_FOUND`,
 *   `DATA_INVALID`, `ABORTED`
 */
export async function trainingRows(request: RowRequest, random: Random): Promise<TrainingRows> {
  const { data } = request;
  assertChoicesFit(data);
  if (data.validation === undefined) return rowsOf(request, random);
  const { file, source } = data.validation;
  const of = { ...request, data: { ...data, file, source } };
  const { rows, fingerprint } = await (data.format === "pairs" ? pairRows(of) : textRows(of));
  const training = await rowsOf({ ...request, data: { ...data, validationShare: 0 } }, random);
  return { ...training, validation: rows, validationFingerprint: fingerprint };
}

// --- internal ---

async function rowsOf(request: RowRequest, random: Random): Promise<TrainingRows> {
  const { data } = request;
  const prepared = data.file !== undefined && isPrepared(data.file) ? data.file : undefined;
  if (data.streaming && prepared === undefined) return streamedRows(request, random.split("rows"));
  const cuts = random.split("cuts");
  const { train, ...others } = await (prepared !== undefined
    ? preparedTexts(request, prepared, cuts)
    : data.format === "pairs"
      ? trainingPairs(request)
      : trainingTexts(request, cuts));
  return { train: createRowOrder(train, random.split("rows")), ...others };
}

/** @throws DiffusionError `CONFIG_INVALID` for what does not go together */
function assertChoicesFit(data: DecodedConfig["data"]): void {
  const { format, streaming, shiftRows, split, shuffleBuffer, validation, validationShare } = data;
  const refuse = (problem: string, remedy: string) => {
    throw new DiffusionError({ code: "CONFIG_INVALID", component: "textdiffusion/train", problem, remedy });
  };
  if (format === "pairs" && shiftRows) {
    refuse("expected data.shiftRows with a text, got it with pairs", "Leave it out");
  }
  if (validation && (validationShare ?? 0) > 0) {
    refuse("expected data.validation or data.validationShare, got both", "Leave one of them out");
  }
  if (!streaming) {
    if (shuffleBuffer !== undefined) {
      refuse(
        "expected data.shuffleBuffer with data.streaming, got it alone",
        "Leave it out: all rows are shuffled",
      );
    }
    return;
  }
  if (format === "pairs") {
    refuse(
      "expected texts with data.streaming, got pairs",
      "Leave data.streaming out: pairs are read into memory",
    );
  }
  if (shiftRows) refuse("expected data.shiftRows without data.streaming, got both", "Leave one of them out");
  if (split === "end") {
    refuse(
      'expected data.split: "hash" with data.streaming, which knows no end, got "end"',
      "Leave it out, or name documents to validate on (data.validation)",
    );
  }
}
