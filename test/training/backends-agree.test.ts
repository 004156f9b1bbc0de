import * as tf from "@tensorflow/tfjs-core";
import { type NodeBackendOptions, startBackend } from "@textdiffusion/backend-node";
import { type NamedArray, Random } from "@textdiffusion/core";
import { createModel } from "@textdiffusion/models";
import type { OnnxBackend } from "@textdiffusion/tfjs-backend-onnx";
import { createLearner } from "@textdiffusion/training";
import { beforeAll, expect, it } from "vitest";
import { absent, others } from "../backends-here.js";

const [batch, seq, vocab, steps] = [4, 12, 31, 20];
const learningRate = 0.003;

/** Rows whose mask rates differ from step to step. */
function batchOf(step: number) {
  const [tokens, masks] = ["tokens", "masks"].map((use) => Random.fromSeed(5).split(use, step));
  const cleanIds = Int32Array.from(
    { length: batch * seq },
    (_, place) => 1 + tokens.integer(vocab - 1, place),
  );
  const noiseMask = Uint8Array.from(cleanIds, (_, place) =>
    Number(masks.uniform(place) < (step + 2) / (steps + 4)),
  );
  return {
    batch,
    seq,
    cleanIds,
    noisedIds: cleanIds.map((id, place) => (noiseMask[place] ? 0 : id)),
    noiseMask,
    attentionMask: new Uint8Array(batch * seq).fill(1),
    time: new Float64Array(batch).fill(0.5),
    lossWeight: Float32Array.from(noiseMask),
    lossDenominator: noiseMask.reduce((sum, each) => sum + each, 0),
    maskableCount: batch * seq,
  };
}

async function train(backendName: string, options: NodeBackendOptions = {}) {
  const backend = await startBackend(backendName, options);
  const model = await createModel(
    {
      architecture: "roberta",
      layers: 2,
      hidden: 16,
      heads: 2,
      feedForward: 32,
      vocabularySize: vocab,
      maxLength: seq,
      dropout: 0.1,
    },
    Random.fromSeed(1),
  );
  const learner = createLearner(model, { weightDecay: 0.1, epsilon: 1e-6, ema: 0.95 });
  const losses: number[] = [];
  const runs: number[] = [];
  for (let step = 0; step < steps; step++) {
    const before = runsOf(tf.backend());
    const random = Random.fromSeed(7).split(step);
    const report = await learner.step({
      batches: [batchOf(step)],
      learningRate,
      clipNorm: 0.5,
      random,
    });
    losses.push(report.lossNats);
    runs.push(runsOf(tf.backend()) - before);
  }
  const state: Readonly<Record<string, NamedArray>> = await learner.state();
  learner.dispose();
  model.dispose();
  await backend.dispose();
  return { losses, runs, state };
}

const runsOf = (backend: unknown) => (backend as Partial<OnnxBackend>).statistics?.().runs ?? 0;

let expected: Awaited<ReturnType<typeof train>>;
beforeAll(async () => {
  expected = await train("cpu");
});

it.skip.each(Object.entries(absent))("20 steps of AdamW on %s (skipped: %s)", () => undefined);

/** Where webgpu has a device, ONNX Runtime's provider of that name has it, too. */
const onWebgpu = others.includes("webgpu") ? [{ name: "onnx", provider: "webgpu" as const }] : [];
it.skipIf(onWebgpu.length > 0)(
  "20 steps of AdamW on onnx with the provider webgpu (skipped: webgpu is, for the reason above)",
  () => undefined,
);

it.each<NodeBackendOptions & { readonly title: string; readonly name: string }>([
  ...["onnx", "wasm", ...others].map((name) => ({ title: name, name })),
  ...onWebgpu.map((each) => ({ title: "onnx with the provider webgpu", ...each })),
])(
  "20 steps of AdamW on $title and on cpu are the same to 1e-4 of each tensor's largest number; on onnx a step is one run",
  async ({ title: _, name, ...options }) => {
    const found = await train(name, options);
    for (const [step, loss] of found.losses.entries()) {
      expect(Math.abs(loss / expected.losses[step] - 1)).toBeLessThan(1e-4);
    }
    for (const [tensor, { data }] of Object.entries(expected.state)) {
      if (!/^(parameter|average)\//.test(tensor)) continue;
      const largest = data.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
      const difference = data.reduce(
        (most, value, place) => Math.max(most, Math.abs(value - found.state[tensor].data[place])),
        0,
      );
      // Biases of keys have no gradient but rounding, as softmax ignores what it adds to all keys: hence the floor.
      expect(difference, `${tensor} on ${name}`).toBeLessThan(1e-4 * Math.max(largest, learningRate));
    }
    if (name === "onnx") expect(found.runs).toEqual(new Array(steps).fill(1));
  },
);
