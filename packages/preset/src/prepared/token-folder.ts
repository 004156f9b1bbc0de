import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { type DataPosition, writingFile } from "@textdiffusion/core";
import { tokenBuffer } from "@textdiffusion/data";
import type { EncodedTexts } from "./encode-texts.js";
import { type PreparationProgress, tokenFileNames, writeProgress } from "./prepared-folder.js";
import { openTokenWriter } from "./token-file.js";

/** Texts that are encoded together, all between two places of their source. */
export interface TextBatch {
  readonly texts: readonly string[];
  /** Of each text. */
  readonly isHeldOut: readonly boolean[];
  readonly characters: number;
  /** How much of all data lies before its end, where the source knows. */
  readonly share?: number;
  /** The place behind the last one. */
  readonly next: DataPosition;
}

/** The files of tokens while they grow, and how far they are. */
export interface TokenFolder {
  readonly progress: PreparationProgress;
  append(batch: TextBatch, encoded: EncodedTexts): Promise<void>;
  /** From here on whatever was appended outlasts a kill. */
  save(): Promise<void>;
  close(): Promise<void>;
}

/**
 * Makes the folder when there is none, and cuts its files off where `start` says.
 *
 * @throws DiffusionError `FILE_NOT_WRITABLE`, here and from each method
 */
export async function openTokenFolder(out: string, start: PreparationProgress): Promise<TokenFolder> {
  const writing = <Result>(write: () => Promise<Result>) => writingFile("textdiffusion/prepare", out, write);
  let progress = start;
  let savedAt = performance.now();
  const writers = await writing(async () => {
    await mkdir(out, { recursive: true });
    await writeProgress(out, start);
    const open = (side: keyof typeof tokenFileNames) =>
      openTokenWriter(join(out, tokenFileNames[side]), start.choices.bytesPerToken, start.tokens[side]);
    return { train: await open("train"), validation: await open("validation") };
  });

  async function save(): Promise<void> {
    await writing(async () => {
      await Promise.all([writers.train.sync(), writers.validation.sync()]);
      await writeProgress(out, progress);
    });
    savedAt = performance.now();
  }

  return {
    get progress() {
      return progress;
    },
    save,
    append: async ({ isHeldOut, characters, next }, { ids, lengths }) => {
      const sides = { train: tokenBuffer(), validation: tokenBuffer() };
      let begin = 0;
      lengths.forEach((length, index) => {
        sides[isHeldOut[index] ? "validation" : "train"].push(ids.subarray(begin, begin + length));
        begin += length;
      });
      await writing(() => writers.train.push(sides.train.ids()));
      await writing(() => writers.validation.push(sides.validation.ids()));
      const heldOut = isHeldOut.filter(Boolean).length;
      progress = {
        ...progress,
        position: next,
        documents: {
          train: progress.documents.train + isHeldOut.length - heldOut,
          validation: progress.documents.validation + heldOut,
        },
        characters: progress.characters + characters,
        tokens: { train: writers.train.length, validation: writers.validation.length },
      };
      if (performance.now() - savedAt > SAVE_EVERY_MS) await save();
    },
    close: () =>
      writing(async () => void (await Promise.all([writers.train.close(), writers.validation.close()]))),
  };
}

// --- internal ---

/** What a kill costs at most. */
const SAVE_EVERY_MS = 5000;
