import { type Denoiser, Random, reverseLoop, type Sampler } from "@textdiffusion/core";
import { fakeDenoiser, powerNoise } from "@textdiffusion/testkit";
import { describe, expect, it } from "vitest";
import { remaskingSampler, thresholdSampler } from "./index.js";

// The two loops of the article, restated step by step as they are published, without any part of this package. The
// restatement reads the same logits and the same uniforms; every token after every step must agree.

const vocabularySize = 64;
const maskTokenId = 63;
const prefixLength = 4;
const seq = 28;
const prefix = [5, 9, 2, 17];

const denoisers: Record<string, Denoiser> = {
  vague: fakeDenoiser({ vocabularySize, maskTokenId, sharpness: 1.5 }),
  sharp: fakeDenoiser({ vocabularySize, maskTokenId, sharpness: 4, seed: 1 }),
};

/** The model's logits at every position of one canvas. */
async function logitsOf(denoiser: Denoiser, canvas: readonly number[]): Promise<number[][]> {
  const distributions = await denoiser.denoise({
    batch: 1,
    seq,
    ids: Int32Array.from(canvas),
    attentionMask: new Uint8Array(seq).fill(1),
    time: new Float64Array([1]),
    positions: Int32Array.from(canvas.keys()),
  });
  const flat = [...(await distributions.logProbs())];
  return canvas.map((_, position) => flat.slice(position * vocabularySize, (position + 1) * vocabularySize));
}

const softmax = (logits: readonly number[]) => {
  const powers = logits.map((logit) => Math.exp(logit));
  const mass = powers.reduce((a, b) => a + b);
  return powers.map((power) => power / mass);
};

/** Hugging Face's top-k filter: out with every logit below the k-th largest. */
function topKFilter(logits: readonly number[], k: number): number[] {
  const kth = logits.slice().sort((a, b) => b - a)[k - 1];
  return logits.map((logit) => (logit < kth ? Number.NEGATIVE_INFINITY : logit));
}

/** Hugging Face's top-p filter: out with every token before which the sorted probabilities already exceed p. */
function topPFilter(logits: readonly number[], p: number): number[] {
  const sorted = softmax(logits)
    .map((probability, id) => ({ probability, id }))
    .sort((a, b) => b.probability - a.probability);
  const filtered = logits.slice();
  let before = 0;
  for (const { probability, id } of sorted) {
    if (before > p) filtered[id] = Number.NEGATIVE_INFINITY;
    before += probability;
  }
  return filtered;
}

/** One draw by inversion of the cumulative probabilities. */
function multinomial(probabilities: readonly number[], uniform: number): number {
  let cumulative = 0;
  for (const [id, probability] of probabilities.entries()) {
    cumulative += probability;
    if (cumulative > uniform) return id;
  }
  throw new Error("expected probabilities that sum to 1");
}

/** Version 1: for p in .9, .8, ... 0 predict everything, then mask each position again with probability p. */
async function articleRemasking(denoiser: Denoiser, seed: number): Promise<number[][]> {
  const numberOfSteps = 10;
  const canvas = [...prefix, ...new Array<number>(seq - prefixLength).fill(maskTokenId)];
  const uniform = (step: number, purpose: string, position: number) =>
    Random.fromSeed(seed).split("row", 0, "step", step, purpose).uniform(position);
  const trace: number[][] = [];
  for (let step = 0; step < numberOfSteps; step++) {
    const p = (numberOfSteps - 1 - step) / numberOfSteps;
    const logits = await logitsOf(denoiser, canvas);
    const predictions = logits.map((row, position) =>
      multinomial(softmax(topPFilter(topKFilter(row, 50), 0.95)), uniform(step, "token", position)),
    );
    for (let position = prefixLength; position < seq; position++) {
      const masked = p > 0 && uniform(step, "remask", position) < p;
      canvas[position] = masked ? maskTokenId : predictions[position];
    }
    trace.push(canvas.slice());
  }
  return trace;
}

/** The later version: take every masked token with probability .9 or more at temperature .8, or else the best one. */
async function articleThreshold(denoiser: Denoiser): Promise<number[][]> {
  const canvas = [...prefix, ...new Array<number>(seq - prefixLength).fill(maskTokenId)];
  const masked = canvas.map((_, position) => position >= prefixLength);
  const trace: number[][] = [];
  while (masked.includes(true)) {
    const probabilities = (await logitsOf(denoiser, canvas)).map((row) =>
      softmax(row.map((logit) => logit / 0.8)),
    );
    const confidence = probabilities.map((row, position) => (masked[position] ? Math.max(...row) : -1));
    const token = probabilities.map((row) => row.indexOf(Math.max(...row)));
    let chosen = [...confidence.keys()].filter((position) => confidence[position] >= 0.9);
    if (chosen.length === 0) chosen = [confidence.indexOf(Math.max(...confidence))];
    for (const position of chosen) {
      canvas[position] = token[position];
      masked[position] = false;
    }
    trace.push(canvas.slice());
  }
  return trace;
}

/** The canvas after every step of the reverse loop. */
async function traceOf(sampler: Sampler, denoiser: Denoiser, seed: number): Promise<number[][]> {
  const ids = Int32Array.from([...prefix, ...new Array<number>(seq - prefixLength).fill(maskTokenId)]);
  const loop = reverseLoop({
    sampler,
    denoiser,
    schedule: powerNoise(1),
    canvas: {
      batch: 1,
      seq,
      ids,
      attentionMask: new Uint8Array(seq).fill(1),
      editable: Uint8Array.from(ids, (id) => Number(id === maskTokenId)),
    },
    maskTokenId,
    seed,
  });
  const canvas = [...ids];
  const trace: number[][] = [];
  for await (const event of loop) {
    if (event.kind !== "step") continue;
    for (const { position, to } of [...event.revealed, ...event.remasked]) canvas[position] = to;
    trace.push(canvas.slice());
  }
  return trace;
}

describe.each(Object.entries(denoisers))("with a %s model", (_, denoiser) => {
  it.each([0, 1, 2])("remasking writes the article's tokens, step by step (seed %i)", async (seed) => {
    const trace = await traceOf(remaskingSampler(), denoiser, seed);
    expect(trace).toEqual(await articleRemasking(denoiser, seed));
    expect(trace).toHaveLength(10);
  });

  it("threshold writes the article's tokens, step by step", async () => {
    const trace = await traceOf(thresholdSampler(), denoiser, 0);
    expect(trace).toEqual(await articleThreshold(denoiser));
    expect(trace.length).toBeGreaterThan(1);
  });
});
