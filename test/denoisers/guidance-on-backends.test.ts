import * as tf from "@tensorflow/tfjs-core";
import { startBackend } from "@textdiffusion/backend-node";
import { type Backend, type DenoiserInput, Random } from "@textdiffusion/core";
import {
  guidedDenoiser,
  nextAlignedDenoiser,
  paddedDenoiser,
  reusingDenoiser,
} from "@textdiffusion/denoisers";
import { createModel, maskedLanguageModelDenoiser } from "@textdiffusion/models";
import { denoiserLaws } from "@textdiffusion/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const [vocabularySize, maskTokenId, forbidden, begin] = [40, 4, [37, 38, 39], 0];
const model = () =>
  createModel(
    {
      architecture: "roberta",
      layers: 1,
      hidden: 16,
      heads: 2,
      vocabularySize,
      maxLength: 12,
      initialization: "neighbour-heads",
    },
    Random.fromSeed(1),
  );
const plain = async () => maskedLanguageModelDenoiser(await model(), { maskTokenId, forbidden });
const guidance = { scale: 1.5, maskTokenId, keep: [begin] };

const decorated = {
  guided: async () => guidedDenoiser(await plain(), guidance),
  "guided, padded": async () => guidedDenoiser(paddedDenoiser(await plain()), guidance),
  "next-aligned": async () => nextAlignedDenoiser(await plain()),
  reusing: async () => reusingDenoiser(await plain()),
  "reusing, guided, next-aligned, padded": async () =>
    reusingDenoiser(guidedDenoiser(nextAlignedDenoiser(paddedDenoiser(await plain())), guidance)),
};

describe.each(["onnx", "wasm", "cpu"])("on %s", (name) => {
  let backend: Backend;
  beforeAll(async () => {
    backend = await startBackend(name);
  });
  afterAll(() => backend.dispose());

  describe.each(Object.entries(decorated))("a %s model", (_, make) => {
    const laws = denoiserLaws(make, { maskTokenId, forbidden, tensors: () => tf.memory().numTensors });
    for (const law of laws) it(law.name, () => law.run());
  });

  it("guidance is the formula in doubles on the model's two answers", async () => {
    const network = await model();
    const input: DenoiserInput = {
      batch: 1,
      seq: 6,
      ids: Int32Array.of(begin, 9, 12, maskTokenId, 20, maskTokenId),
      attentionMask: new Uint8Array(6).fill(1),
      editable: Uint8Array.of(0, 0, 0, 1, 1, 1),
      time: Float64Array.of(1),
      positions: Int32Array.of(3, 5),
    };
    const [conditional, unconditional] = await Promise.all(
      [input.ids, Int32Array.of(begin, maskTokenId, maskTokenId, maskTokenId, 20, maskTokenId)].map(
        async (ids) => {
          const logits = network.logits({ ...input, ids });
          return Float64Array.from(await logits.data());
        },
      ),
    );
    const before = tf.memory().numTensors;
    const denoiser = guidedDenoiser(
      maskedLanguageModelDenoiser(network, { maskTokenId, forbidden }),
      guidance,
    );
    const answer = await denoiser.denoise(input);
    const table = await answer.logProbs();
    const { entropy } = await answer.draw({ temperature: 1 }, Float64Array.of(0.5, 0.5));
    answer.dispose();
    expect(tf.memory().numTensors).toBe(before);
    for (const row of [0, 1]) {
      const part = (values: ArrayLike<number>) =>
        Array.from({ length: vocabularySize }, (_, id) => values[row * vocabularySize + id]);
      const [given, free] = [part(conditional), part(unconditional)];
      const logits = given.map((logit, id) =>
        id === maskTokenId || forbidden.includes(id)
          ? Number.NEGATIVE_INFINITY
          : free[id] + 2.5 * (logit - free[id]),
      );
      const mass = logits.reduce((sum, logit) => sum + Math.exp(logit), 0);
      const expected = logits.map((logit) => logit - Math.log(mass));
      expected.forEach((logProb, id) => {
        if (logProb === Number.NEGATIVE_INFINITY) expect(table[row * vocabularySize + id]).toBe(logProb);
        else expect(table[row * vocabularySize + id]).toBeCloseTo(logProb, 4);
      });
      const nats = expected.reduce(
        (sum, logProb) => (logProb > -700 ? sum - Math.exp(logProb) * logProb : sum),
        0,
      );
      expect(entropy[row]).toBeCloseTo(nats, 4);
      expect(Math.abs(given[10] - free[10])).toBeGreaterThan(1e-3); // the prompt matters, or there is nothing to guide
    }
    denoiser.dispose();
  });
});
