/* A worker thread of `openEncodePool`. */
import { parentPort, workerData } from "node:worker_threads";
import { DiffusionError } from "@textdiffusion/core";
import { tokenizerFromFiles } from "@textdiffusion/data";
import type { EncodeAnswer, EncodeJob } from "./encode-pool.js";
import { encodeTexts } from "./encode-texts.js";

const { files, frame } = workerData as EncodeJob;
const tokenizer = tokenizerFromFiles(files);

parentPort?.on("message", (texts: readonly string[]) => {
  const answer = answerTo(texts);
  parentPort?.postMessage(answer, "ids" in answer ? [answer.ids.buffer as ArrayBuffer] : []);
});

function answerTo(texts: readonly string[]): EncodeAnswer {
  try {
    return encodeTexts(tokenizer, texts, frame);
  } catch (error) {
    if (!DiffusionError.is(error)) return { error: String(error) };
    const { code, component, problem, remedy } = error;
    return { error: { code, component, problem, remedy } };
  }
}
