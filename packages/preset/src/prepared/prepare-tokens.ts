import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readdir, rm } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { type DataDocument, DiffusionError, type ErrorCode, writingFile } from "@textdiffusion/core";
import { saveTokenizer } from "@textdiffusion/data";
import { decodeConfig, type TextDiffusionConfig } from "../config.js";
import { assertBothSides, DEFAULT_SHARE, isHeldOut } from "../hash-split.js";
import { assertGoesOn, type OpenedDocuments, openDocuments } from "../read-documents.js";
import { planTraining } from "../training-plan.js";
import { assertNoPrompt } from "../training-texts.js";
import { openEncodePool } from "./encode-pool.js";
import type { EncodedTexts } from "./encode-texts.js";
import {
  hashOfTokenizer,
  type PreparationProgress,
  type PreparedChoices,
  type PreparedData,
  readProgress,
  removeProgress,
  tokenFileNames,
  writePrepared,
} from "./prepared-folder.js";
import { bytesPerToken } from "./token-file.js";
import { openTokenFolder, type TextBatch, type TokenFolder } from "./token-folder.js";

export interface PrepareRequest extends TextDiffusionConfig {
  /** Folder of the tokens. */
  readonly out: string;
  /** Threads that encode. Default: one for each processor; 0: this one. */
  readonly workers?: number;
  /** Aborted: what is written is kept, and the same request goes on from there. */
  readonly signal?: AbortSignal;
  /** After each part that is written, with how much of all it is, in [0, 1], where the source knows. */
  readonly onProgress?: (progress: PreparationProgress, share?: number) => void;
}

/**
 * Encodes the texts of `data` once, into a folder that any number of runs train on: `data.file` of `train`. Rows are cut when
 * they are trained on, so their length is free; the tokenizer, `data.documents`, `data.frame` and a split by hash are not.
 *
 * Whenever it is stopped or killed, the same request goes on from what is written; where all is written, it does nothing.
 *
 * ```ts
 * await prepareTokens({ data: { file: "corpus/*.jsonl.gz" }, out: "tokens" });
 * await trainTextDiffusion({ data: { file: "tokens" }, out: "my-model" });
 * ```
 *
 * @throws DiffusionError as `trainTextDiffusion` for config and data; `CONFIG_INVALID` for pairs and for a folder of other
 *   tokens, `FILE_NOT_WRITABLE`, `ABORTED`
 */
export async function prepareTokens(request: PrepareRequest): Promise<PreparedData> {
  const { out, workers = availableParallelism(), signal, onProgress, ...config } = request;
  const decoded = await decodeConfig(config);
  const { data, plugins } = decoded;
  const { tokenizer, record } = await planTraining(decoded);
  if (data.format === "pairs") throw pairsGiven();
  const opened = await openDocuments(data, plugins);
  const hashShare = data.split === "hash" ? (data.validationShare ?? DEFAULT_SHARE) : null;
  try {
    const choices: PreparedChoices = {
      tokenizer: hashOfTokenizer(tokenizer),
      vocabularySize: tokenizer.vocabularySize,
      frame: record.frame,
      documents: data.documents,
      format: data.format ?? null,
      source: await opened.source.fingerprint(),
      hashShare,
      bytesPerToken: bytesPerToken(tokenizer.vocabularySize),
    };
    const begun = await readProgress(out);
    if (begun) assertSameChoices(out, begun.progress.choices, choices);
    else await assertEmpty(out);
    if (begun?.done) return begun.done;
    const pool = openEncodePool({ files: tokenizer.files, frame: record.frame }, workers);
    const batches = batchesOf(opened, begun?.progress.position, hashShare, signal);
    try {
      const folder = await openTokenFolder(out, begun?.progress ?? { ...nothingYet, choices });
      try {
        await appendAll(folder, batches, pool.encode, workers, onProgress);
      } catch (error) {
        if (isEmpty(folder.progress)) await removeFolder(out);
        throw error;
      }
      try {
        const { train, validation } = folder.progress.documents;
        assertBothSides(train, validation, opened.name, hashShare ?? 0);
      } catch (error) {
        await removeFolder(out); // nobody can train on it
        throw error;
      }
      await saveTokenizer(tokenizer, out);
      return await finish(out, folder.progress);
    } finally {
      await batches.return();
      await pool.close();
    }
  } finally {
    await opened.dispose();
  }
}

// --- internal ---

const nothingYet = {
  format: 1,
  documents: { train: 0, validation: 0 },
  characters: 0,
  tokens: { train: 0, validation: 0 },
} as const;

/** UTF-16 characters that are encoded together: enough for a message between threads to cost little. */
const BATCH_CHARACTERS = 2 ** 18;

async function* batchesOf(
  { source, name }: OpenedDocuments,
  position: PreparationProgress["position"],
  hashShare: number | null,
  signal: AbortSignal | undefined,
): AsyncGenerator<TextBatch, void, void> {
  let texts: string[] = [];
  let heldOut: boolean[] = [];
  let characters = 0;
  let last: Pick<DataDocument, "next" | "share"> = { next: null };
  const batch = (): TextBatch => ({
    ...{ texts, isHeldOut: heldOut, characters },
    ...{ next: last.next, share: last.share },
  });
  for await (const document of source.documents(position)) {
    assertGoesOn(signal);
    assertNoPrompt(document, name);
    texts.push(document.text);
    heldOut.push(hashShare !== null && isHeldOut(document.text, hashShare));
    characters += document.text.length;
    last = document;
    if (characters < BATCH_CHARACTERS) continue;
    yield batch();
    [texts, heldOut, characters] = [[], [], 0];
  }
  if (texts.length > 0) yield batch();
}

/** Appends in the order of the batches, while those that follow are encoded. */
async function appendAll(
  folder: TokenFolder,
  batches: AsyncIterable<TextBatch>,
  encode: (texts: readonly string[]) => Promise<EncodedTexts>,
  workers: number,
  onProgress: PrepareRequest["onProgress"],
): Promise<void> {
  const waiting: { readonly batch: TextBatch; readonly encoded: Promise<EncodedTexts> }[] = [];
  const appendFirst = async () => {
    const first = waiting.shift();
    if (first === undefined) return;
    await folder.append(first.batch, await first.encoded);
    onProgress?.(folder.progress, first.batch.share);
  };
  try {
    for await (const batch of batches) {
      const encoded = encode(batch.texts);
      encoded.catch(() => undefined); // whoever awaits it hears of it
      waiting.push({ batch, encoded });
      if (waiting.length > 2 * workers) await appendFirst();
    }
    while (waiting.length > 0) await appendFirst();
  } finally {
    await folder.save().finally(() => folder.close());
  }
}

/** Whether nothing is worth going on with. */
const isEmpty = ({ documents: { train, validation } }: PreparationProgress) => train + validation === 0;

const removeFolder = (out: string) => rm(out, { recursive: true, force: true });

/** From now on the folder is whole. */
async function finish(out: string, { position: _, ...progress }: PreparationProgress): Promise<PreparedData> {
  return writingFile("textdiffusion/prepare", out, async () => {
    const sha256 = {
      train: await sha256Of(join(out, tokenFileNames.train)),
      validation: await sha256Of(join(out, tokenFileNames.validation)),
    };
    const prepared = { ...progress, sha256 };
    await writePrepared(out, prepared);
    await removeProgress(out);
    return prepared;
  });
}

async function sha256Of(file: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(file), hash);
  return hash.digest("hex");
}

/** @throws DiffusionError `CONFIG_INVALID` that names the choice */
function assertSameChoices(out: string, before: PreparedChoices, now: PreparedChoices): void {
  const names = Object.keys(now) as (keyof PreparedChoices)[];
  const differ = names.filter((name) => before[name] !== now[name]);
  if (differ.length === 0) return;
  throw failure(
    "CONFIG_INVALID",
    `expected in ${out} tokens of the same choices, got others of ${differ.join(", ")}`,
    "Choose another folder, or make the same choices as before",
  );
}

/** @throws DiffusionError `FILE_NOT_WRITABLE` */
async function assertEmpty(out: string): Promise<void> {
  const names = await readdir(out).catch(() => []);
  if (names.length === 0) return;
  throw failure(
    "FILE_NOT_WRITABLE",
    `expected an empty folder at ${out}, got one with ${names.slice(0, 3).join(", ")}`,
    "Choose another folder",
  );
}

function pairsGiven(): DiffusionError {
  return failure(
    "CONFIG_INVALID",
    'expected texts to prepare, got data.format: "pairs"',
    "Train on pairs as they are: they are read into memory",
  );
}

function failure(code: ErrorCode, problem: string, remedy: string): DiffusionError {
  return new DiffusionError({ code, component: "textdiffusion/prepare", problem, remedy });
}
