import { Worker } from "node:worker_threads";
import { DiffusionError, type DiffusionErrorParts } from "@textdiffusion/core";
import { type TokenizerFiles, tokenizerFromFiles } from "@textdiffusion/data";
import { type EncodedTexts, encodeTexts } from "./encode-texts.js";

/** Tokenizers that work beside each other. */
export interface EncodePool {
  /** @throws DiffusionError what the tokenizer throws */
  encode(texts: readonly string[]): Promise<EncodedTexts>;
  close(): Promise<void>;
}

export interface EncodeJob {
  readonly files: TokenizerFiles;
  /** Begin and end tokens around each text. */
  readonly frame: boolean;
}

/** What a worker answers. */
export type EncodeAnswer = EncodedTexts | { readonly error: DiffusionErrorParts | string };

/** @param workers - threads; 0 encodes in this one */
export function openEncodePool(job: EncodeJob, workers: number): EncodePool {
  if (workers === 0) {
    const tokenizer = tokenizerFromFiles(job.files);
    return { encode: async (texts) => encodeTexts(tokenizer, texts, job.frame), close: async () => {} };
  }
  const threads = Array.from({ length: workers }, () => openThread(job));
  return {
    encode: (texts) => threads.reduce((a, b) => (b.waiting() < a.waiting() ? b : a)).encode(texts),
    close: async () => {
      await Promise.all(threads.map((thread) => thread.close()));
    },
  };
}

// --- internal ---

/** One worker, which answers in the order in which it was asked. */
function openThread(job: EncodeJob) {
  const worker = new Worker(new URL("./encode-worker.js", import.meta.url), { workerData: job });
  const asked: { resolve(encoded: EncodedTexts): void; reject(error: unknown): void }[] = [];
  worker.on("message", (answer: EncodeAnswer) => {
    const question = asked.shift();
    if ("error" in answer) question?.reject(errorOf(answer.error));
    else question?.resolve(answer);
  });
  worker.on("error", (error) => {
    for (const { reject } of asked.splice(0)) reject(error);
  });
  return {
    waiting: () => asked.length,
    encode: (texts: readonly string[]) =>
      new Promise<EncodedTexts>((resolve, reject) => {
        asked.push({ resolve, reject });
        worker.postMessage(texts);
      }),
    close: () => worker.terminate(),
  };
}

/** Errors cross threads as plain objects. */
function errorOf(error: DiffusionErrorParts | string): Error {
  return typeof error === "string" ? new Error(error) : new DiffusionError(error);
}
