import {
  API_VERSION,
  DiffusionError,
  defineBackend,
  defineCollator,
  defineDenoiser,
  definePlugin,
  defineSampler,
  defineTokenizer,
  type ErrorCode,
  type PipelineConfig,
  type Sampler,
} from "@textdiffusion/core";
import { fakeDenoiser, letterTokenizer, powerNoise } from "@textdiffusion/testkit";
import { expect } from "vitest";
import { z } from "zod";

export const tokenizer = letterTokenizer("abcdefgh ");
export const maskTokenId = tokenizer.special.mask;
export const vocabularySize = tokenizer.vocabularySize;

/** Everything in one step; `steps` more steps may follow. */
export const sampler = (steps = 1): Sampler => ({
  name: "at-once",
  tokenRule: { temperature: 1 },
  steps,
  revises: false,
  request: (row) => row.masked,
  decide: (_, draws) => ({ commit: [...draws.positions.keys()], remask: [] }),
});
export const values = {
  tokenizer,
  denoiser: fakeDenoiser({ vocabularySize, maskTokenId }),
  schedule: powerNoise(1),
  sampler: sampler(),
} satisfies PipelineConfig;

/** A plugin that keeps a diary of what it made, started and disposed of. */
export function diaryPlugin() {
  const diary: string[] = [];
  const plugin = definePlugin({
    name: "diary",
    apiVersion: API_VERSION,
    samplers: [
      defineSampler({
        name: "at-once",
        description: "",
        options: z.strictObject({ steps: z.int().min(1).default(2) }),
        create: ({ steps }) => {
          diary.push(`made sampler of ${steps}`);
          return sampler(steps);
        },
      }),
    ],
    tokenizers: [
      defineTokenizer({
        name: "letters",
        description: "",
        options: z.strictObject({}),
        create: async () => {
          await Promise.resolve();
          diary.push("made tokenizer");
          return tokenizer;
        },
      }),
    ],
    backends: [
      defineBackend({
        name: "paper",
        description: "",
        options: z.strictObject({}),
        create: () => ({
          name: "paper",
          capabilities: { trains: false, precision: "float32", device: "paper" },
          start: async () => void diary.push("started backend"),
          dispose: async () => void diary.push("disposed backend"),
          memory: () => ({ tensors: 0, bytes: 0 }),
        }),
      }),
    ],
    denoisers: [
      defineDenoiser({
        name: "fake",
        description: "",
        options: z.strictObject({ fails: z.boolean().default(false) }),
        create: ({ fails }, { backend, tokenizer: { vocabularySize, special } }) => {
          if (fails) throw new Error("no such file");
          diary.push(`made denoiser on ${backend.name}`);
          return {
            ...fakeDenoiser({ vocabularySize, maskTokenId: special.mask }),
            dispose: () => void diary.push("disposed denoiser"),
          };
        },
      }),
    ],
    collators: [
      defineCollator({
        name: "none",
        description: "",
        options: z.strictObject({}),
        create: (_, { schedule }) => ({
          name: `none under ${schedule.name}`,
          collate: () => {
            throw new Error("not used");
          },
        }),
      }),
    ],
  });
  return { diary, plugin };
}

export const refused = (code: ErrorCode, pattern: RegExp, action: Promise<unknown>) =>
  expect(action).rejects.toSatisfy((error) => {
    expect(String(error)).toMatch(pattern);
    return DiffusionError.is(error, code);
  });
