// A step of writing a block of 32 tokens in the middle of 256, RoBERTa-base's geometry and random weights, on the backend "onnx"
// with frozen weights: exact, and with the approximate caches. All in one process, in turn, block after block.
//
//   node bench/approximate-cache.mjs [--block 32] [--steps 8] [--rounds 5] [--threads 2] [--small]
//
// Needs a build. Processor time is steadier than time on a machine that others use. --small measures 6 layers of width 384
// with a vocabulary of 8192.
import { Random, reverseLoop } from "@textdiffusion/core";
import { paddedDenoiser } from "@textdiffusion/denoisers";
import { cachingDenoiser, createModel, maskedLanguageModelDenoiser } from "@textdiffusion/models";
import { confidenceSampler } from "@textdiffusion/samplers";
import { linearSchedule } from "@textdiffusion/schedules";
import { installOnnxBackend } from "@textdiffusion/tfjs-backend-onnx";
import { median } from "./measure.mjs";

const asked = process.argv.slice(2);
const option = (name, fallback) => (asked.includes(name) ? Number(asked[asked.indexOf(name) + 1]) : fallback);
const [block, steps, rounds] = [option("--block", 32), option("--steps", 8), option("--rounds", 5)];
const small = asked.includes("--small");
const sizes = small
  ? { layers: 6, hidden: 384, heads: 6, vocabularySize: 8192 }
  : { layers: 12, hidden: 768, heads: 12, vocabularySize: 50265 };
const [seq, maskTokenId] = [256, sizes.vocabularySize - 1];

const onnx = await installOnnxBackend({ threads: option("--threads", 2) });
const model = await createModel(
  { architecture: "roberta", ...sizes, maxLength: seq, dropout: 0 },
  Random.fromSeed(1),
);
await onnx.freeze(model.parameters.values());
const denoisers = {
  exact: maskedLanguageModelDenoiser(model, { maskTokenId }),
  prefix: cachingDenoiser(model, { maskTokenId, cache: "prefix" }),
  dual: cachingDenoiser(model, { maskTokenId, cache: "dual" }),
};

/** Writes the block, and notes the time of each step. */
async function write(name, seed) {
  const from = seq / 2;
  const isInBlock = (at) => at >= from && at < from + block;
  const random = Random.fromSeed(seed);
  const canvas = {
    batch: 1,
    seq,
    ids: Int32Array.from({ length: seq }, (_, at) =>
      isInBlock(at) ? maskTokenId : 5 + random.integer(1000, at),
    ),
    attentionMask: new Uint8Array(seq).fill(1),
    editable: Uint8Array.from({ length: seq }, (_, at) => (isInBlock(at) ? 1 : 0)),
  };
  const times = [];
  let since = [performance.now(), process.cpuUsage()];
  for await (const event of reverseLoop({
    denoiser: paddedDenoiser(denoisers[name]),
    sampler: confidenceSampler({ steps }),
    schedule: linearSchedule(),
    canvas,
    maskTokenId,
    seed,
  })) {
    const { user, system } = process.cpuUsage(since[1]);
    if (event.kind === "step")
      times.push({ ms: performance.now() - since[0], cpuMs: (user + system) / 1000 });
    since = [performance.now(), process.cpuUsage()];
  }
  return times;
}

const kinds = {
  "exact step": [],
  "whole pass that is remembered": [],
  "step with the prefix cache": [],
  "step with the dual cache": [],
};
for (let round = 0; round <= rounds; round++) {
  for (const name of ["exact", "prefix", "dual"]) {
    const [first, ...later] = await write(name, round);
    if (round === 0) continue; // compiles
    if (name === "exact") kinds["exact step"].push(first, ...later);
    else {
      kinds["whole pass that is remembered"].push(first);
      kinds[`step with the ${name} cache`].push(...later);
    }
  }
}
const medians = Object.entries(kinds).map(([name, times]) => ({
  name,
  samples: times.length,
  ms: median(times.map(({ ms }) => ms)),
  cpuMs: median(times.map(({ cpuMs }) => cpuMs)),
}));
console.log(`\n${small ? "6 x 384" : "RoBERTa-base"}, 256 tokens, block of ${block} in ${steps} steps`);
console.log("| | samples | ms | processor ms | of the exact step's processor time |");
console.log("| --- | --- | --- | --- | --- |");
const [exact, whole, ...cached] = medians;
for (const { name, samples, ms, cpuMs } of medians) {
  const cells = [name, samples, ms.toFixed(1), cpuMs.toFixed(1), (cpuMs / exact.cpuMs).toFixed(2)];
  console.log(`| ${cells.join(" | ")} |`);
}
for (const { name, cpuMs } of cached) {
  const speedUp = (steps * exact.cpuMs) / (whole.cpuMs + (steps - 1) * cpuMs);
  console.log(
    `a block with one whole pass and ${steps - 1} ${name.replace("step", "steps")}: ${speedUp.toFixed(2)} times as fast`,
  );
}
