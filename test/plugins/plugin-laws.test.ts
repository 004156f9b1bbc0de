import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import * as tf from "@tensorflow/tfjs-core";
import type { ComponentKind } from "@textdiffusion/core";
import {
  type ComponentSetting,
  fakeDenoiser,
  letterTokenizer,
  pluginLaws,
  powerNoise,
  tensorflowProbe,
} from "@textdiffusion/testkit";
import { parquetWriteBuffer } from "hyparquet-writer";
import { byteLevelTokenizer, defaultPlugins, startBackend } from "textdiffusion";
import { afterAll, describe, it, vi } from "vitest";
import { serveHub } from "../../packages/hub/src/fixtures/hub-server.js";
import { absent } from "../backends-here.js";
import { identityPlugin } from "./identity-plugin.js";

/*
 * Every plugin of ours keeps the laws of plugins, and every component those of its contract, made as a config makes it.
 * Beside them, in their packages, the same laws run on what code makes. Here they run through a plugin that wraps each in
 * another one, so they are the laws of the seam as well: registry, nested choices, checks of what components return.
 */
const golden = (path: string) => fileURLToPath(new URL(`../../scripts/golden/${path}`, import.meta.url));
const letters = letterTokenizer(" abcdefgh");
const backend = await startBackend("cpu");
afterAll(() => backend.dispose());

const prefixes: Readonly<Record<string, number>> = { "article-v1": 16, "article-head": 32 };

/** Denoisers of a file, which has more rows than letters are. */
const ofFile = (options: object, rows: number): ComponentSetting => ({
  options,
  parts: { tokenizer: letters, backend },
  laws: {
    forbidden: Array.from({ length: rows - letters.vocabularySize }, (_, id) => letters.vocabularySize + id),
    tensors: () => tf.engine().state.numTensors,
  },
});
const modelOf: Readonly<Record<string, ComponentSetting>> = {
  huggingface: ofFile({ folder: golden("masked-language-models/bert") }, 101),
  onnx: ofFile({ file: golden("optimum-onnx/bert/onnx/model.onnx"), threads: 1 }, 101),
};

/** What wraps a denoiser. */
const aroundFake: ComponentSetting = {
  options: {
    denoiser: fakeDenoiser({ vocabularySize: letters.vocabularySize, maskTokenId: letters.special.mask }),
  },
  parts: { tokenizer: letters, backend },
};

const home = mkdtempSync(join(tmpdir(), "textdiffusion-sources-"));
afterAll(() => rmSync(home, { recursive: true, force: true }));
const put = (name: string, content: string | Uint8Array) => {
  writeFileSync(join(home, name), content);
  return join(home, name);
};
const threeTexts = ["one", "two", "three"];

const sourceFiles: Readonly<Record<string, string | string[]>> = {
  "json-lines": put("texts.jsonl", threeTexts.map((text) => JSON.stringify({ text })).join("\n")),
  parquet: put(
    "texts.parquet",
    new Uint8Array(parquetWriteBuffer({ columnData: [{ name: "text", data: threeTexts, type: "STRING" }] })),
  ),
  text: threeTexts.map((text) => put(`${text}.txt`, text)),
};

const hub = await serveHub([
  {
    type: "dataset",
    name: "some/texts",
    revisions: {
      "refs/convert/parquet": { "default/train/0000.parquet": readFileSync(sourceFiles.parquet as string) },
    },
  },
]);
vi.stubEnv("HF_ENDPOINT", hub.endpoint);
vi.stubEnv("HF_HUB_CACHE", join(home, "cache"));
afterAll(async () => {
  vi.unstubAllEnvs();
  await hub.close();
});
/** What writes for callbacks: as many letters as a text is to have. */
const generate = async ({
  prompts,
  length = 8,
}: {
  readonly prompts: readonly string[];
  readonly length?: number;
}) => prompts.map((prompt) => prompt.padEnd(length, "a"));

const settings: Partial<Record<ComponentKind, (name: string) => ComponentSetting>> = {
  backend: () => ({ laws: { probe: tensorflowProbe(tf) } }),
  callback: () => ({ laws: { run: { folder: home, generate } } }),
  collator: (name) => ({
    options: { rowLength: 40 },
    parts: { tokenizer: byteLevelTokenizer() },
    laws: { rowLength: 40, keptPrefix: prefixes[name] },
  }),
  denoiser: (name) => modelOf[name] ?? aroundFake,
  schedule: (name) =>
    name === "spindle" ? { options: { counts: [3, 1, 4, 1, 5, 9, 2, 6] }, laws: { vocabularySize: 8 } } : {},
  source: (name) => ({ options: name === "hub" ? { dataset: "some/texts" } : { files: sourceFiles[name] } }),
  sampler: () => ({ laws: { schedule: powerNoise(1) } }),
  tokenizer: (name) =>
    name === "huggingface" ? { options: { folder: golden("tiny-tokenizers/roberta") } } : {},
};

const laws = await Promise.all(
  defaultPlugins.map(async (plugin) => ({
    plugin: plugin.name,
    laws: await pluginLaws(plugin, {
      setting: (kind, name) => settings[kind]?.(name),
      around: { plugin: identityPlugin, name: "identity" },
    }),
  })),
);

describe.each(laws)("$plugin", ({ laws: ofPlugin }) => {
  for (const { name, skip: exception, run } of ofPlugin) {
    const [kind, component] = name.split("/");
    const skip = exception ?? (kind === "backend" ? absent[component] : undefined);
    if (skip === undefined) it(name, () => run());
    else it.skip(`${name}: ${skip}`, () => {});
  }
});
