import { readdirSync, readFileSync } from "node:fs";
import {
  compareRuns,
  type GenerationEvent,
  openCanvas,
  readTrace,
  reverseLoop,
  type Sampler,
} from "@textdiffusion/core";
import { letterTokenizer, powerNoise, tableDenoiser } from "@textdiffusion/testkit";
import { describe, expect, it } from "vitest";
import { samplersPlugin } from "./index.js";

/** Made by scripts/golden/loop_traces.py from the published loops, in Python, without any part of ours. */
const golden = new URL("../../../scripts/golden/loop-traces/", import.meta.url);
const read = (name: string) => readFileSync(new URL(name, golden), "utf8");

interface World {
  readonly letters: string;
  readonly texts: readonly { readonly ids: readonly number[]; readonly weight: number }[];
}

const { letters, texts }: World = JSON.parse(read("world.json"));
const tokenizer = letterTokenizer(letters);
const maskTokenId = tokenizer.special.mask;
const mass = texts.reduce((sum, { weight }) => sum + weight, 0);
const denoiser = tableDenoiser({
  vocabularySize: tokenizer.vocabularySize,
  maskTokenId,
  joint: texts.map(({ ids, weight }) => ({ ids, probability: weight / mass })),
});

function samplerOf(config: unknown): Sampler {
  const { name, ...options } = config as { readonly name: string };
  const definition = samplersPlugin.samplers?.find((each) => each.name === name);
  return definition?.create(options as never, {}) as Sampler;
}

const files = readdirSync(golden).filter((name) => name.endsWith(".jsonl"));

it("there is a trace of every kind of sampler", () => {
  expect(files.length).toBeGreaterThanOrEqual(8);
});

describe.each(files)("%s, written by another program", (file) => {
  it("is what our loop does, step by step", async () => {
    const { header, events, ending } = await readTrace([read(file)], { source: file });
    const { prompts, length, rowKeys } = header.request as {
      prompts: string[];
      length: number;
      rowKeys: number[];
    };
    const again: AsyncGenerator<GenerationEvent> = reverseLoop({
      denoiser,
      sampler: samplerOf(header.config.sampler),
      schedule: powerNoise(1),
      canvas: openCanvas(tokenizer, { prompts, length, rowKeys }),
      maskTokenId,
      seed: header.seed,
      suppressed: tokenizer.specialIds,
    });
    const { difference, equalSteps, confidenceGap } = await compareRuns(
      events,
      again,
      (id) => tokenizer.token(id) ?? "",
    );
    expect(difference).toBeUndefined();
    expect(equalSteps).toBe(ending().step);
    expect(ending().complete).toBe(true);
    // Floats of doubles that were computed in another order: two roundings apart.
    expect(confidenceGap).toBeLessThan(1e-6);
  });
});
