import * as tf from "@tensorflow/tfjs-core";
import { startBackend } from "@textdiffusion/backend-node";
import { type Backend, decodeSafetensors, encodeSafetensors, Random } from "@textdiffusion/core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { encodeEncoderConfig } from "../config/hugging-face-config.js";
import { createModel } from "../create-model.js";
import { modelFromFiles } from "./load-model.js";

let backend: Backend;
let config: string;
let weights: Uint8Array;
let expected: ReadonlyMap<string, Float32Array>;

beforeAll(async () => {
  backend = await startBackend("cpu");
  const sizes = { layers: 1, hidden: 8, heads: 2, feedForward: 12, vocabularySize: 20, maxLength: 6 };
  const model = await createModel({ architecture: "bert", ...sizes }, Random.fromSeed(1));
  config = JSON.stringify(encodeEncoderConfig(model.config));
  expected = await valuesOf(model.parameters);
  const tensors = [...expected].map(
    ([name, data]) => [name, { data, shape: model.parameters.get(name)?.shape as number[] }] as const,
  );
  weights = encodeSafetensors(new Map(tensors));
  model.dispose();
});
afterAll(() => backend.dispose());

async function valuesOf(parameters: ReadonlyMap<string, tf.Variable>) {
  const values = new Map<string, Float32Array>();
  for (const [name, variable] of parameters) values.set(name, (await variable.data()) as Float32Array);
  return values;
}

const blob = (bytes: Uint8Array) => new Blob([bytes as Uint8Array<ArrayBuffer>]);

it("reads a model from bytes, from Blobs and from shards, the same numbers each time", async () => {
  const all = [...decodeSafetensors(weights, "weights").tensors];
  const shards = [all.slice(0, 5), all.slice(5)].map((part) => encodeSafetensors(new Map(part)));
  const weightMap = Object.fromEntries(
    all.map(([name], place) => [name, place < 5 ? "a.safetensors" : "b.safetensors"]),
  );
  for (const files of [
    { "config.json": config, "model.safetensors": weights },
    { "config.json": blob(new TextEncoder().encode(config)), "model.safetensors": blob(weights) },
    {
      "config.json": config,
      "model.safetensors.index.json": JSON.stringify({ weight_map: weightMap }),
      "a.safetensors": blob(shards[0]),
      "b.safetensors": blob(shards[1]),
    },
  ]) {
    const model = await modelFromFiles(files, "shelf");
    expect(await valuesOf(model.parameters)).toEqual(expected);
    model.dispose();
  }
});

it("says which file is missing, torn or gone, and leaves no tensor", async () => {
  const before = tf.memory().numTensors;
  const gone = {
    size: weights.length,
    slice: () => ({ arrayBuffer: () => Promise.reject(new Error("it moved")) }),
  };
  const index = JSON.stringify({ weight_map: { "cls.predictions.bias": "a.safetensors" } });
  await expect(modelFromFiles({}, "shelf")).rejects.toThrow(/shelf\/config.json.*FILE_NOT_FOUND/);
  await expect(modelFromFiles({ "config.json": config }, "shelf")).rejects.toThrow(
    /shelf\/model.safetensors.*FILE_NOT_FOUND/,
  );
  await expect(
    modelFromFiles({ "config.json": config, "model.safetensors.index.json": index }, "shelf"),
  ).rejects.toThrow(/shelf\/a.safetensors.*FILE_NOT_FOUND/);
  for (const length of [0, 7, 200, weights.length - 1]) {
    await expect(
      modelFromFiles(
        { "config.json": config, "model.safetensors": blob(weights.subarray(0, length)) },
        "shelf",
      ),
    ).rejects.toThrow(/shelf\/model.safetensors.*MODEL_INVALID/);
  }
  await expect(modelFromFiles({ "config.json": config, "model.safetensors": gone }, "shelf")).rejects.toThrow(
    /shelf\/model.safetensors.*it moved.*FILE_NOT_FOUND/,
  );
  expect(tf.memory().numTensors).toBe(before);
});
