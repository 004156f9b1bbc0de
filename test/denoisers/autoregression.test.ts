import { fileURLToPath } from "node:url";
import * as tf from "@tensorflow/tfjs-core";
import { createPipeline } from "@textdiffusion/core";
import { causalDenoiser, loadGpt2 } from "@textdiffusion/models";
import { leftToRightSampler } from "@textdiffusion/samplers";
import { letterTokenizer, powerNoise } from "@textdiffusion/testkit";
import { startBackend } from "textdiffusion";
import { describe, expect, it } from "vitest";

const golden = fileURLToPath(new URL("../../scripts/golden/gpt2", import.meta.url));
const tokenizer = letterTokenizer("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUV"); // 53 tokens, as the model
const forbidden = tokenizer.specialIds.filter((id) => id !== tokenizer.special.mask);

describe.each(["onnx", "cpu"])("the reverse loop from left to right, of a GPT-2 on %s", (name) => {
  it("is greedy decoding at temperature 0: what a pass over the whole text picks, one token after the other", async () => {
    const backend = await startBackend(name);
    const model = await loadGpt2(golden);
    const denoiser = causalDenoiser(model, { maskTokenId: tokenizer.special.mask, forbidden });
    const pipeline = await createPipeline({
      tokenizer,
      denoiser,
      schedule: powerNoise(1),
      sampler: leftToRightSampler({ temperature: 0 }),
    });
    try {
      for (const prompts of [["hello"], ["be", "Tao", "cab"]]) {
        const { texts, forwards } = await pipeline.generate({ prompts, length: 24, seed: 1 });
        const wanted: string[] = [];
        for (const prompt of prompts) wanted.push(await greedy(tokenizer.encode(prompt)));
        expect(texts).toEqual(wanted);
        const written = prompts.reduce((sum, prompt) => sum + 24 - prompt.length, 0);
        expect(forwards).toBe(written);
      }
    } finally {
      await pipeline.dispose();
      denoiser.dispose();
      await backend.dispose();
    }

    async function greedy(prompt: Int32Array): Promise<string> {
      const ids = [...prompt];
      while (ids.length < 24) {
        const logits = model.logits(Int32Array.from(ids), Int32Array.of(ids.length - 1));
        const scores = [...((await logits.data()) as Float32Array)];
        tf.dispose(logits);
        for (const id of tokenizer.specialIds) scores[id] = Number.NEGATIVE_INFINITY;
        ids.push(scores.indexOf(Math.max(...scores)));
      }
      return tokenizer.decode(ids);
    }
  });
});
