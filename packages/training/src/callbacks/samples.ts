import { join } from "node:path";
import { DiffusionError, defineCallback, type WatchedRun } from "@textdiffusion/core";
import { z } from "zod";
import { writing } from "../checkpoints/durable-files.js";
import { appendLine, cutAfter } from "../metrics/step-lines.js";

const options = z.strictObject({
  every: z
    .int()
    .positive()
    .default(500)
    .describe("steps between samples; there is one before the first step and one after the last, too"),
  prompts: z.array(z.string()).min(1).default([""]).describe("what the texts begin with; one text each"),
  length: z
    .int()
    .positive()
    .optional()
    .describe("tokens of a text, prompt included; default as many as a row of the training has"),
  seed: z.int().default(0).describe("the same for all samples, so that they differ by the model alone"),
  file: z.string().min(1).default("samples.jsonl").describe("where they go, in the folder of the run"),
});

export type SamplesOptions = z.input<typeof options>;

/**
 * Lets the model write every so many steps, so that one sees it learn: `{ step, texts }` a line, and the first text told. A resumed
 * run first takes away the lines of steps that it is about to repeat.
 *
 * @throws DiffusionError from `onEvent`: `CONFIG_INVALID` for a run without a folder, or that cannot write;
 *   `FILE_NOT_WRITABLE`
 */
export const samples = defineCallback({
  name: "samples",
  description: "lets the model write every so many steps, into samples.jsonl",
  source: "Own",
  options,
  create: ({ every, prompts, length, seed, file }) => ({
    name: "samples",
    onEvent: async (event, run) => {
      const { kind, step } = event;
      if (kind !== "started" && kind !== "step") return;
      const { path, generate } = able(run, file);
      if (kind === "started") await writing(path, () => cutAfter(path, event.resumed ? step : -1));
      // The first one also tells at once when prompts or length are none that the model can have.
      const isDue = kind === "started" ? !event.resumed : step % every === 0 || step === event.steps;
      if (!isDue) return;
      const texts = await generate({ prompts, length, seed });
      await writing(path, () => appendLine(path, { step, texts }));
      return { say: texts[0] };
    },
  }),
});

// --- internal ---

function able({ folder, generate }: WatchedRun, file: string) {
  if (folder !== undefined && generate !== undefined) return { path: join(folder, file), generate };
  throw new DiffusionError({
    code: "CONFIG_INVALID",
    component: "training/samples",
    problem: `expected a run with ${folder === undefined ? "a folder for samples" : "a pipeline to write with"}, got none`,
    remedy: "Pass `watched` to train, or train with trainTextDiffusion, which has both",
  });
}
