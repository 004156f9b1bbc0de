import { createHash } from "node:crypto";
import { join } from "node:path";
import { DiffusionError, type Random } from "@textdiffusion/core";
import type { RowRequest } from "../row-request.js";
import { rowsOfSides, splitAtEnd, type TextRows } from "../training-texts.js";
import { hashOfTokenizer, type PreparedChoices, readPrepared, tokenFileNames } from "./prepared-folder.js";
import { openTokenReader } from "./token-file.js";

/**
 * The texts of a folder that `prepareTokens` made as rows, the same as from the texts themselves. Tokens are read when they are
 * trained on.
 *
 * @param random - says where each epoch begins to cut, with `data.shiftRows`
 * @returns the caller disposes of it
 * @throws DiffusionError `CONFIG_INVALID` for choices that are not those of the folder, `DATA_INVALID` for one that is not
 *   whole
 */
export async function preparedTexts(
  request: RowRequest,
  folder: string,
  random: Random,
): Promise<TextRows & { dispose(): Promise<void> }> {
  const { choices, tokens, sha256 } = await readPrepared(folder);
  assertFits(request, folder, choices);
  const { bytesPerToken: bytes, vocabularySize, hashShare } = choices;
  const open = (side: keyof typeof tokens) =>
    openTokenReader(join(folder, tokenFileNames[side]), { bytes, length: tokens[side], vocabularySize });
  const readers = { train: open("train"), validation: open("validation") };
  const close = () => {
    readers.train.close();
    readers.validation.close();
  };
  try {
    const { rowLength, data } = request;
    const sides =
      hashShare === null ? splitAtEnd(readers.train, rowLength, folder, data.validationShare) : readers;
    const fingerprint = createHash("sha256").update(`${sha256.train} ${sha256.validation}`).digest("hex");
    return { ...rowsOfSides(sides, request, random), fingerprint, dispose: async () => close() };
  } catch (error) {
    close();
    throw error;
  }
}

// --- internal ---

/** @throws DiffusionError `CONFIG_INVALID` */
function assertFits({ tokenizer, data, frame }: RowRequest, folder: string, choices: PreparedChoices): void {
  const { split, validationShare, streaming } = data;
  const refuse = (problem: string, remedy: string) => {
    throw new DiffusionError({ code: "CONFIG_INVALID", component: "textdiffusion/train", problem, remedy });
  };
  if (choices.tokenizer !== hashOfTokenizer(tokenizer)) {
    refuse(
      `expected the tokenizer that ${folder} was prepared with, got another one`,
      "Prepare the data with the tokenizer of this model, or begin a new model with --tokenizer and that folder",
    );
  }
  if (choices.frame !== frame) {
    const [had, wanted] = [choices.frame, frame].map((is) => `${is ? "" : "no "}begin and end tokens`);
    refuse(
      `expected ${wanted} around each document, got ${folder}, which has ${had}`,
      "Prepare it with data.frame as here",
    );
  }
  if (streaming) {
    refuse(
      "expected no data.streaming with prepared tokens, got both",
      "Leave it out: they are read as they are needed",
    );
  }
  if (
    choices.hashShare === null
      ? split === "hash"
      : split === "end" || (validationShare ?? choices.hashShare) !== choices.hashShare
  ) {
    refuse(
      `expected the split that ${folder} was prepared with, ${choices.hashShare === null ? "none" : `${choices.hashShare} by hash`}, got another one`,
      "Leave data.split and data.validationShare out, or prepare the data with them",
    );
  }
}
