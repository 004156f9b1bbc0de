import * as tf from "@tensorflow/tfjs-core";
import { startBackend } from "@textdiffusion/backend-node";
import { type Backend, Random } from "@textdiffusion/core";
import { denoiserLaws } from "@textdiffusion/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createModel } from "../create-model.js";
import { maskedLanguageModelDenoiser } from "./masked-language-model-denoiser.js";

const [vocabularySize, maskTokenId, forbidden] = [40, 4, [37, 38, 39]];
const model = (architecture: "bert" | "roberta") =>
  createModel(
    { architecture, layers: 1, hidden: 16, heads: 2, vocabularySize, maxLength: 12 },
    Random.fromSeed(1),
  );

describe.each(["onnx", "wasm", "cpu"])("on %s", (name) => {
  let backend: Backend;
  beforeAll(async () => {
    backend = await startBackend(name);
  });
  afterAll(() => backend.dispose());

  describe.each(["bert", "roberta"] as const)("a %s denoiser", (architecture) => {
    const make = async () =>
      maskedLanguageModelDenoiser(await model(architecture), { maskTokenId, forbidden });
    const laws = denoiserLaws(make, { maskTokenId, forbidden, tensors: () => tf.memory().numTensors });
    for (const law of laws) it(law.name, () => law.run());

    it("is the softmax of the model over what may be drawn", async () => {
      const network = await model(architecture);
      const input = {
        batch: 1,
        seq: 4,
        ids: Int32Array.of(9, maskTokenId, 12, maskTokenId),
        attentionMask: new Uint8Array(4).fill(1),
        positions: Int32Array.of(1, 3),
        time: Float64Array.of(0.5),
      };
      const logits = network.logits(input);
      const raw = await logits.data();
      logits.dispose();
      const denoiser = maskedLanguageModelDenoiser(network, { maskTokenId, forbidden });
      const distributions = await denoiser.denoise(input);
      const table = await distributions.logProbs();
      for (let row = 0; row < 2; row++) {
        const allowed = Array.from({ length: vocabularySize }, (_, id) => id).filter(
          (id) => id !== maskTokenId && !forbidden.includes(id),
        );
        const total = allowed.reduce((sum, id) => sum + Math.exp(raw[row * vocabularySize + id]), 0);
        for (const id of allowed) {
          const expected = raw[row * vocabularySize + id] - Math.log(total);
          expect(table[row * vocabularySize + id]).toBeCloseTo(expected, 5);
        }
      }
      distributions.dispose();
      denoiser.dispose();
    });

    it("refuses ids that the model has no row for", async () => {
      const network = await model(architecture);
      expect(() => maskedLanguageModelDenoiser(network, { maskTokenId: 40 })).toThrow(
        /got 40.*TOKEN_OUT_OF_RANGE/,
      );
      expect(() => maskedLanguageModelDenoiser(network, { maskTokenId, forbidden: [-1] })).toThrow(/got -1/);
      network.dispose();
    });
  });
});
