// Times the writing of one row in blocks: node bench/tfjs/block-generation.mjs '{"backend": "onnx", "cache": "dual", ...}'.
// Prints one JSON line.
import { reverseLoop } from "@textdiffusion/core";
import { paddedDenoiser } from "@textdiffusion/denoisers";
import { cachingDenoiser, maskedLanguageModelDenoiser } from "@textdiffusion/models";
import { blocksSampler, confidenceSampler } from "@textdiffusion/samplers";
import { linearSchedule } from "@textdiffusion/schedules";
import { startModel } from "./start-model.mjs";

const { options, onnx, model } = await startModel();
if (options.freeze) await onnx.freeze(model.parameters.values());
const { seq, vocab, block, steps, cache } = options;
const maskTokenId = vocab - 1;
const denoiser = paddedDenoiser(
  cache === "none"
    ? maskedLanguageModelDenoiser(model, { maskTokenId })
    : cachingDenoiser(model, { maskTokenId, cache }),
);

/** A row whose first tokens are a prompt. */
async function write(prompt, seed) {
  const canvas = {
    batch: 1,
    seq,
    ids: Int32Array.from({ length: seq }, (_, at) => (at < prompt ? 100 + at : maskTokenId)),
    attentionMask: new Uint8Array(seq).fill(1),
    editable: Uint8Array.from({ length: seq }, (_, at) => (at < prompt ? 0 : 1)),
  };
  const sampler = blocksSampler({ size: block, sampler: confidenceSampler({ steps }) });
  const events = reverseLoop({ denoiser, sampler, schedule: linearSchedule(), canvas, maskTokenId, seed });
  for await (const event of events) if (event.kind === "finished") return event.forwards;
}

await write(seq - 2 * block, 0); // compiles
const ms = [];
for (let sample = 0; sample < options.samples; sample++) {
  const start = performance.now();
  await write(0, 1 + sample);
  ms.push(performance.now() - start);
}
console.log(JSON.stringify({ ms, peakMb: process.resourceUsage().maxRSS / 1024 }));
