// What the approximate caches cost in divergence, on a trained model: KL from the exact answers and the share of equal most
// probable tokens over a generation in blocks, for each cache, size of blocks and refresh.
//
//   node bench/cache-divergence.mjs MODEL_FOLDER [PROMPT] [TEXTS]
//
// Needs a build. Each block has a step for every four of its tokens.
import { openCanvas } from "@textdiffusion/core";
import { loadTokenizer } from "@textdiffusion/data";
import { paddedDenoiser } from "@textdiffusion/denoisers";
import { denoiserDivergence } from "@textdiffusion/evaluation";
import { cachingDenoiser, loadModel, maskedLanguageModelDenoiser } from "@textdiffusion/models";
import { blocksSampler, confidenceSampler } from "@textdiffusion/samplers";
import { linearSchedule } from "@textdiffusion/schedules";
import { startBackend } from "textdiffusion";

const [folder, prompt = "", texts = "4"] = process.argv.slice(2);
const backend = await startBackend("onnx");
const [model, tokenizer] = [await loadModel(folder), await loadTokenizer(folder)];
const maskTokenId = tokenizer.special.mask;
const prompts = new Array(Number(texts)).fill(prompt);

console.log(
  "| cache | block | whole pass at least every | mean KL, nats | largest KL | same most probable token |",
);
console.log("| --- | --- | --- | --- | --- | --- |");
for (const size of [16, 32, 64]) {
  for (const cache of ["prefix", "dual"]) {
    for (const refreshEvery of [undefined, 4]) {
      const report = await denoiserDivergence({
        denoiser: paddedDenoiser(cachingDenoiser(model, { maskTokenId, cache, refreshEvery })),
        reference: paddedDenoiser(maskedLanguageModelDenoiser(model, { maskTokenId })),
        sampler: blocksSampler({ size, sampler: confidenceSampler({ steps: size / 4, temperature: 0.7 }) }),
        schedule: linearSchedule(),
        canvas: openCanvas(tokenizer, { prompts, length: model.maxLength }),
        maskTokenId,
        suppressed: tokenizer.specialIds,
        seed: 7,
      });
      const cells = [
        report.meanKl.toFixed(5),
        report.maxKl.toFixed(4),
        `${(100 * report.sameArgmax).toFixed(2)} %`,
      ];
      console.log(`| ${cache} | ${size} | ${refreshEvery ?? "a block"} | ${cells.join(" | ")} |`);
    }
  }
}
model.dispose();
await backend.dispose();
