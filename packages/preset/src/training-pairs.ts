import { createHash } from "node:crypto";
import {
  type DataDocument,
  DiffusionError,
  type Plugin,
  type Tokenizer,
  type TokenRow,
} from "@textdiffusion/core";
import { type PromptPair, pairsFromJsonLines, readText, rowsFromPairs } from "@textdiffusion/data";
import type { DecodedConfig } from "./config.js";
import { assertBothSides, isHeldOut } from "./hash-split.js";
import { type ReadingObserver, readDocuments } from "./read-documents.js";

/**
 * The pairs of `data` as rows, a tenth of them held out where no share is said.
 *
 * @throws DiffusionError `CONFIG_INVALID` for texts without a prompt, `FILE_NOT_FOUND`, `DATA_INVALID`,
 *   `ABORTED`
 */
export async function trainingPairs(
  tokenizer: Tokenizer,
  data: DecodedConfig["data"],
  plugins: readonly Plugin[],
  rowLength: number,
  observer: ReadingObserver = {},
): Promise<{ train: TokenRow[]; validation: TokenRow[]; fingerprint: string }> {
  const { pairs, name, fingerprint } = await readPairs(data, plugins, observer);
  const rows = rowsFromPairs(tokenizer, pairs, { rowLength });
  const { validationShare: share = 0.1 } = data;
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

// --- internal ---

interface ReadPairs {
  readonly pairs: readonly PromptPair[];
  readonly name: string;
  readonly fingerprint: string;
}

async function readPairs(
  data: DecodedConfig["data"],
  plugins: readonly Plugin[],
  observer: ReadingObserver,
): Promise<ReadPairs> {
  const { file } = data;
  if (file !== undefined && data.source === undefined) {
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
