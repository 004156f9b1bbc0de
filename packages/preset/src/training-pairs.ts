import { createHash } from "node:crypto";
import { statSync } from "node:fs";
import { type DataDocument, DiffusionError, type TokenRow } from "@textdiffusion/core";
import { type PromptPair, pairsFromJsonLines, readText, rowsFromPairs } from "@textdiffusion/data";
import { assertBothSides, DEFAULT_SHARE, isHeldOut } from "./hash-split.js";
import { readDocuments } from "./read-documents.js";
import type { RowRequest } from "./row-request.js";

/**
 * The pairs of `data` as rows, a tenth of them held out where no share is said.
 *
 * @throws DiffusionError `CONFIG_INVALID` for texts without a prompt, `FILE_NOT_FOUND`, `DATA_INVALID`,
 *   `ABORTED`
 */
export async function trainingPairs(
  request: RowRequest,
): Promise<{ train: TokenRow[]; validation: TokenRow[]; fingerprint: string }> {
  const { tokenizer, data, rowLength } = request;
  const { pairs, name, fingerprint } = await readPairs(request);
  const rows = rowsFromPairs(tokenizer, pairs, { rowLength });
  const { validationShare: share = DEFAULT_SHARE } = data;
  if (data.split !== "hash") {
    const cut = rows.length - Math.floor(rows.length * share);
    return { train: rows.slice(0, cut), validation: rows.slice(cut), fingerprint };
  }
  // By the prompt, so that all answers to it are on one side.
  const isOut = pairs.map(({ prompt }) => isHeldOut(prompt, share));
  const train = rows.filter((_, index) => !isOut[index]);
  const validation = rows.filter((_, index) => isOut[index]);
  assertBothSides(train.length, validation.length, name, share);
  return { train, validation, fingerprint };
}

/** All pairs of `data` as rows. */
export async function pairRows(request: RowRequest): Promise<{ rows: TokenRow[]; fingerprint: string }> {
  const { pairs, fingerprint } = await readPairs(request);
  return { rows: rowsFromPairs(request.tokenizer, pairs, request), fingerprint };
}

// --- internal ---

interface ReadPairs {
  readonly pairs: readonly PromptPair[];
  readonly name: string;
  readonly fingerprint: string;
}

async function readPairs({ data, plugins, observer }: RowRequest): Promise<ReadPairs> {
  const { file, source } = data;
  if (file !== undefined && source === undefined && isPlainFile(file)) {
    const text = await readText(file);
    const fingerprint = createHash("sha256").update(text).digest("hex");
    return { pairs: pairsFromJsonLines(text, file), name: file, fingerprint };
  }
  const pairs: PromptPair[] = [];
  const each = ({ prompt, text }: DataDocument, from: string) => {
    if (prompt !== undefined) return pairs.push({ prompt, response: text });
    throw new DiffusionError({
      code: "CONFIG_INVALID",
      component: "textdiffusion/train",
      problem: `expected a prompt with each text of ${from}, got a text alone`,
      remedy: 'Give the source a "prompt"',
    });
  };
  const { name, fingerprint } = await readDocuments(data, plugins, each, observer);
  return { pairs, name, fingerprint };
}

/** One file that is read as it stands: its lines must be pairs and nothing else. */
function isPlainFile(file: string): boolean {
  return statSync(file, { throwIfNoEntry: false })?.isFile() === true && !/\.(gz|parquet)$/i.test(file);
}
