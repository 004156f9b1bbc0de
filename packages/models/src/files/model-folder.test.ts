import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import * as tf from "@tensorflow/tfjs-core";
import { startBackend } from "@textdiffusion/backend-node";
import {
  type Backend,
  decodeSafetensors,
  encodeSafetensors,
  type NamedArray,
  Random,
} from "@textdiffusion/core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createModel } from "../create-model.js";
import type { EncoderModel } from "../encoder/encoder-model.js";
import { loadModel, modelFromFiles } from "./load-model.js";
import { filesFromModel, saveModel } from "./save-model.js";

const golden = fileURLToPath(new URL("../../../../scripts/golden/masked-language-models/", import.meta.url));
const tiny = { layers: 1, hidden: 8, heads: 2, feedForward: 12, vocabularySize: 20, maxLength: 6 };
const word = "roberta.embeddings.word_embeddings.weight";

let backend: Backend;
let folder: string;
let baseline: number;
beforeAll(async () => {
  backend = await startBackend("cpu");
});
afterAll(() => backend.dispose());
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "textdiffusion-models-"));
  baseline = tf.memory().numTensors;
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

const make = () => createModel({ architecture: "roberta", ...tiny }, Random.fromSeed(1));
async function valuesOf(model: EncoderModel): Promise<Map<string, Float32Array>> {
  const values = new Map<string, Float32Array>();
  for (const [name, variable] of model.parameters) {
    values.set(name, Float32Array.from((await variable.data()) as Float32Array));
  }
  return values;
}
const readWeights = () => {
  const { tensors, metadata } = decodeSafetensors(readFileSync(join(folder, "model.safetensors")), "weights");
  return { tensors: new Map(tensors), metadata };
};
const readConfig = () => JSON.parse(readFileSync(join(folder, "config.json"), "utf8"));
const writeConfig = (overrides: object) =>
  writeFileSync(join(folder, "config.json"), JSON.stringify({ ...readConfig(), ...overrides }));

/** A saved tiny model whose tensors were changed. */
async function folderWith(change: (tensors: Map<string, NamedArray>) => void): Promise<string> {
  const model = await make();
  await saveModel(model, folder);
  model.dispose();
  const { tensors } = readWeights();
  change(tensors);
  writeFileSync(join(folder, "model.safetensors"), encodeSafetensors(tensors));
  return folder;
}

describe("a saved folder", () => {
  it("loads to the same weights, bit by bit", async () => {
    const model = await make();
    await saveModel(model, join(folder, "new", "folder"));
    const loaded = await loadModel(join(folder, "new", "folder"));
    expect(await valuesOf(loaded)).toEqual(await valuesOf(model));
    expect({ ...loaded.config, source: {} }).toEqual({ ...model.config, source: {} });
    loaded.dispose();
    model.dispose();
    expect(tf.memory().numTensors).toBe(baseline);
  });

  it.each(["float32", "float16"] as const)("has the bytes of the files in memory, in %s", async (dtype) => {
    const model = await make();
    await saveModel(model, folder, { dtype });
    const files = await filesFromModel(model, { dtype });
    expect(files["config.json"]).toBe(readFileSync(join(folder, "config.json"), "utf8"));
    expect(readFileSync(join(folder, "model.safetensors")).equals(files["model.safetensors"])).toBe(true);
    const again = await modelFromFiles(files);
    if (dtype === "float32") expect(await valuesOf(again)).toEqual(await valuesOf(model));
    again.dispose();
    model.dispose();
    expect(tf.memory().numTensors).toBe(baseline);
  });

  it("holds two files, no temporary ones, and names that transformers knows", async () => {
    const model = await make();
    await saveModel(model, folder);
    expect(readdirSync(folder).sort()).toEqual(["config.json", "model.safetensors"]);
    const { tensors, metadata } = readWeights();
    expect(metadata).toEqual({ format: "pt" });
    expect([...tensors.keys()].sort()).toEqual([...model.parameters.keys()].sort());
    expect(tensors.has("lm_head.decoder.weight")).toBe(false); // tied: transformers leaves it out too
    expect(readConfig()).toMatchObject({
      architectures: ["RobertaForMaskedLM"],
      model_type: "roberta",
      max_position_embeddings: 8,
      tie_word_embeddings: true,
      torch_dtype: "float32",
    });
    model.dispose();
  });

  it.each(["roberta", "bert", "roberta-untied", "bert-tanh"])(
    "of %s says all that was loaded",
    async (name) => {
      const model = await loadModel(`${golden}${name}`);
      await saveModel(model, folder);
      const again = await loadModel(folder);
      expect(await valuesOf(again)).toEqual(await valuesOf(model));
      const original = JSON.parse(readFileSync(`${golden}${name}/config.json`, "utf8"));
      expect(readConfig()).toEqual({ ...original, torch_dtype: "float32" });
      again.dispose();
      model.dispose();
    },
  );

  it("has the bias of an untied decoder under both of transformers' names", async () => {
    const model = await loadModel(`${golden}roberta-untied`);
    await saveModel(model, folder);
    const { tensors } = readWeights();
    expect(tensors.get("lm_head.decoder.bias")).toEqual(tensors.get("lm_head.bias"));
    expect(tensors.get("lm_head.decoder.weight")?.shape).toEqual([101, 24]);
    model.dispose();
  });

  it("in float16 takes two bytes less a number and is within half a unit of its last place", async () => {
    const model = await make();
    await saveModel(model, folder);
    const full = readFileSync(join(folder, "model.safetensors")).length;
    await saveModel(model, folder, { dtype: "float16" });
    const count = [...model.parameters.values()].reduce((sum, { size }) => sum + size, 0);
    expect(full - readFileSync(join(folder, "model.safetensors")).length).toBeGreaterThanOrEqual(2 * count);
    expect(readConfig().torch_dtype).toBe("float16");
    const loaded = await loadModel(folder);
    const values = await valuesOf(model);
    for (const [name, rounded] of await valuesOf(loaded)) {
      rounded.forEach((value, index) => {
        const exact = (values.get(name) as Float32Array)[index];
        expect(Math.abs(value - exact)).toBeLessThanOrEqual(Math.max(Math.abs(exact) * 2 ** -11, 2 ** -25));
      });
    }
    loaded.dispose();
    model.dispose();
  });

  it("stays as it was when the weights are broken", async () => {
    const model = await make();
    await saveModel(model, folder);
    const before = readdirSync(folder).map((name) => readFileSync(join(folder, name)));
    const variable = model.parameters.get("lm_head.bias") as tf.Variable;
    const broken = tf.fill([20], Number.NaN);
    variable.assign(broken);
    broken.dispose();
    await expect(saveModel(model, folder)).rejects.toThrow(/"lm_head.bias", got NaN.*NOT_A_NUMBER/);
    const large = tf.fill([20], 1e6);
    variable.assign(large);
    large.dispose();
    await expect(saveModel(model, folder, { dtype: "float16" })).rejects.toThrow(
      /"lm_head.bias".*MODEL_INVALID/,
    );
    model.dispose();
    await expect(saveModel(model, folder)).rejects.toThrow(/DISPOSED/);
    expect(readdirSync(folder).map((name) => readFileSync(join(folder, name)))).toEqual(before);
  });

  it("cannot be made where a file stands", async () => {
    const model = await make();
    writeFileSync(join(folder, "file"), "");
    await expect(saveModel(model, join(folder, "file"))).rejects.toThrow(/FILE_NOT_WRITABLE/);
    mkdirSync(join(folder, "model.safetensors"));
    await expect(saveModel(model, folder)).rejects.toThrow(/model\.safetensors.*FILE_NOT_WRITABLE/);
    expect(readdirSync(folder).filter((name) => name.endsWith(".tmp"))).toEqual([]);
    model.dispose();
  });
});

describe("a folder from elsewhere", () => {
  it("without ties may name the bias of the vocabulary as transformers 4 does, or hold the one that 5 never reads", async () => {
    const names = ["lm_head.decoder.bias", "lm_head.bias"];
    const original = await loadModel(`${golden}roberta-untied`);
    await saveModel(original, folder);
    const expected = (await valuesOf(original)).get(names[0]);
    original.dispose();
    const { tensors } = readWeights();
    const { shape } = tensors.get(names[0]) as NamedArray;
    tensors.set(names[1], { shape, data: new Float32Array(101).fill(9) });
    writeFileSync(join(folder, "model.safetensors"), encodeSafetensors(tensors));
    const five = await loadModel(folder);
    expect((await valuesOf(five)).get(names[0])).toEqual(expected);
    five.dispose();
    tensors.set(names[1], tensors.get(names[0]) as NamedArray);
    tensors.delete(names[0]);
    writeFileSync(join(folder, "model.safetensors"), encodeSafetensors(tensors));
    const four = await loadModel(folder);
    expect((await valuesOf(four)).get(names[0])).toEqual(expected);
    four.dispose();
  });

  afterEach(() => {
    expect(tf.memory().numTensors).toBe(baseline);
  });

  it("may repeat tied weights, and may name the bias of the vocabulary by the decoder's name only", async () => {
    await folderWith((tensors) => {
      tensors.set("lm_head.decoder.weight", tensors.get(word) as NamedArray);
      tensors.set("lm_head.decoder.bias", tensors.get("lm_head.bias") as NamedArray);
      tensors.delete("lm_head.bias");
    });
    const model = await loadModel(folder);
    expect([...model.parameters.keys()]).toContain("lm_head.bias");
    expect([...model.parameters.keys()]).not.toContain("lm_head.decoder.weight");
    model.dispose();
  });

  it.each<[string, (tensors: Map<string, NamedArray>) => void, RegExp]>([
    [
      "a missing tensor",
      (tensors) => tensors.delete(word),
      /missing: "roberta\.embeddings\.word.*MODEL_INVALID/,
    ],
    [
      "no language-model head",
      (tensors) => {
        for (const name of tensors.keys()) if (name.startsWith("lm_head")) tensors.delete(name);
      },
      /missing: "lm_head.bias", "lm_head.dense.bias".*saved for masked language modelling/,
    ],
    [
      "an unknown tensor",
      (tensors) =>
        tensors.set("roberta.encoder.layer.0.adapter.weight", { shape: [1], data: new Float32Array(1) }),
      /"roberta\.encoder\.layer\.0\.adapter\.weight" is unknown.*MODEL_INVALID/,
    ],
    [
      "one weight under two names",
      (tensors) => tensors.set("embeddings.word_embeddings.weight", tensors.get(word) as NamedArray),
      /is there twice, as .*MODEL_INVALID/,
    ],
    [
      "a transposed tensor",
      (tensors) => tensors.set(word, { ...(tensors.get(word) as NamedArray), shape: [8, 20] }),
      /word_embeddings\.weight" has shape \[8, 20\], not \[20, 8\].*MODEL_INVALID/,
    ],
    [
      "NaN",
      (tensors) => tensors.get("lm_head.dense.bias")?.data.fill(Number.NaN, 7),
      /"lm_head.dense.bias", got NaN at index 7.*NOT_A_NUMBER/,
    ],
    [
      "a tied decoder with other numbers",
      (tensors) => {
        const { shape, data } = tensors.get(word) as NamedArray;
        tensors.set("lm_head.decoder.weight", { shape, data: data.map((value) => value * 2) });
      },
      /"lm_head.decoder.weight" to repeat.*got other numbers\. Set tie_word_embeddings to false.*MODEL_INVALID/,
    ],
  ])("with %s is refused by name", async (_, change, message) => {
    await expect(loadModel(await folderWith(change))).rejects.toThrow(message);
  });

  it("of integers is refused", async () => {
    await folderWith(() => {});
    const path = join(folder, "model.safetensors");
    const bytes = readFileSync(path, "latin1").replace(
      '"lm_head.bias":{"dtype":"F32"',
      '"lm_head.bias":{"dtype":"I32"',
    );
    writeFileSync(path, bytes, "latin1");
    await expect(loadModel(folder)).rejects.toThrow(/"lm_head.bias" to hold F32.*got I32.*MODEL_INVALID/);
  });

  it("without its files is refused with what is missing", async () => {
    await expect(loadModel(join(folder, "nowhere"))).rejects.toThrow(
      /nowhere\/config\.json, got none.*FILE_NOT_FOUND/,
    );
    await folderWith(() => {});
    rmSync(join(folder, "model.safetensors"));
    await expect(loadModel(folder)).rejects.toThrow(/model\.safetensors, got none.*\.bin.*FILE_NOT_FOUND/);
  });

  it("with a damaged config or weights is refused", async () => {
    await folderWith(() => {});
    const weights = readFileSync(join(folder, "model.safetensors"));
    writeFileSync(join(folder, "model.safetensors"), weights.subarray(0, weights.length - 4));
    await expect(loadModel(folder)).rejects.toThrow(/model\.safetensors: expected a file of.*MODEL_INVALID/);
    writeFileSync(join(folder, "model.safetensors"), "");
    await expect(loadModel(folder)).rejects.toThrow(/at least 8 bytes, got 0.*MODEL_INVALID/);
    writeFileSync(join(folder, "model.safetensors"), weights);
    writeConfig({ hidden_size: 16 });
    await expect(loadModel(folder)).rejects.toThrow(
      /"lm_head.dense.bias" has shape \[8\], not \[16\].*and \d+ more.*MODEL_INVALID/,
    );
    writeFileSync(join(folder, "config.json"), "{");
    await expect(loadModel(folder)).rejects.toThrow(/JSON in .*config\.json.*MODEL_INVALID/);
    rmSync(join(folder, "config.json"));
    mkdirSync(join(folder, "config.json"));
    await expect(loadModel(folder)).rejects.toThrow(/config\.json.*FILE_NOT_FOUND/);
  });
});

describe("shards", () => {
  const index = () => join(folder, "model.safetensors.index.json");
  beforeEach(() => {
    cpSync(`${golden}roberta-untied`, folder, { recursive: true });
  });
  afterEach(() => {
    expect(tf.memory().numTensors).toBe(baseline);
  });
  const writeIndex = (change: (map: Record<string, string>) => void) => {
    const json = JSON.parse(readFileSync(index(), "utf8"));
    change(json.weight_map);
    writeFileSync(index(), JSON.stringify(json));
  };

  it.each([
    "../model-00001-of-00002.safetensors",
    "/etc/model.safetensors",
    "sub/model.safetensors",
    "sub\\model.safetensors",
    "..safetensors",
    "C:model.safetensors",
    "model.bin",
    "",
  ])("named %j are refused", async (name) => {
    writeIndex((map) => {
      map["lm_head.bias"] = name;
    });
    await expect(loadModel(folder)).rejects.toThrow(/\.safetensors files beside it, got .*MODEL_INVALID/);
  });

  it("that are missing, or lack what the index says, are refused", async () => {
    writeIndex((map) => {
      map["lm_head.bias"] = map["lm_head.bias"].includes("00001")
        ? "model-00002-of-00002.safetensors"
        : "model-00001-of-00002.safetensors";
    });
    await expect(loadModel(folder)).rejects.toThrow(/"lm_head.bias" in .*as the index says.*MODEL_INVALID/);
    rmSync(join(folder, "model-00002-of-00002.safetensors"));
    await expect(loadModel(folder)).rejects.toThrow(
      /model-00002-of-00002\.safetensors, got none.*FILE_NOT_FOUND/,
    );
    writeFileSync(index(), "[]");
    await expect(loadModel(folder)).rejects.toThrow(/weight_map.*MODEL_INVALID/);
  });
});
