import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { DiffusionError, type TraceHeader } from "@textdiffusion/core";
import { isOnnxOnly } from "../folder-model.js";

/** The files that decide what a model says: SHA-256 by name. */
export type ModelHashes = NonNullable<TraceHeader["model"]>["files"];

/**
 * SHA-256 of config, weights and tokenizer of a model folder. Reads the whole weights: about a second for each gigabyte.
 *
 * @param denoiser - by name: one that computes an ONNX file is made of that, others of the weights
 * @throws DiffusionError `FILE_NOT_FOUND`
 */
export async function modelHashes(folder: string, denoiser: unknown): Promise<ModelHashes> {
  const hashes: Record<string, string> = {};
  try {
    const isWeights = isOnnxOnly(denoiser) ? isOnnx : await isSafetensorsOf(folder);
    for (const name of (await readdir(folder, { recursive: true })).map(forward).sort()) {
      if (isWeights(name) || small.has(name)) hashes[name] = await hashOf(join(folder, name));
    }
  } catch (cause) {
    throw new DiffusionError({
      code: "FILE_NOT_FOUND",
      component: "textdiffusion/trace",
      problem: `expected a model folder that can be read at ${folder}, got ${(cause as Error).message}`,
      remedy: "Name the folder of the model",
      cause,
    });
  }
  return hashes;
}

/**
 * A run can only go on, or be made again, with the very model that began it.
 *
 * @throws DiffusionError `MODEL_INVALID` that names the files that differ
 */
export async function assertSameModel(header: TraceHeader, folder: string): Promise<void> {
  const expected = header.model?.files ?? {};
  const found = await modelHashes(folder, header.config.denoiser);
  const names = [...new Set([...Object.keys(expected), ...Object.keys(found)])].sort();
  const differing = header.model === undefined ? [] : names.filter((name) => expected[name] !== found[name]);
  if (differing.length === 0) return;
  const short = (hash: string | undefined) => (hash === undefined ? "no such file" : hash.slice(0, 12));
  const list = differing.map((name) => `${name} (${short(expected[name])} then, ${short(found[name])} now)`);
  throw new DiffusionError({
    code: "MODEL_INVALID",
    component: "textdiffusion/trace",
    problem: `expected the model that the trace was made with in ${folder}, got other contents of ${list.join(", ")}`,
    remedy: "Name the folder of that model, or make a new run with this one",
    details: { folder, expected, found },
  });
}

// --- internal ---

const small = new Set(["config.json", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json"]);

/** `model.onnx` where optimum puts it or `onnx/model.onnx` where transformers.js does, and the data beside it. */
const isOnnx = (name: string) => /^(onnx\/)?[^/]+\.onnx[^/]*$/.test(name);

/** The file of the weights, or the shards where there is none. */
async function isSafetensorsOf(folder: string): Promise<(name: string) => boolean> {
  const isWhole = (await readdir(folder)).includes("model.safetensors");
  return (name) =>
    isWhole ? name === "model.safetensors" : /^[^/]+\.safetensors(\.index\.json)?$/.test(name);
}

const forward = (path: string) => path.replaceAll("\\", "/");

async function hashOf(file: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const block of createReadStream(file, { highWaterMark: 2 ** 20 })) hash.update(block);
  return hash.digest("hex");
}
