import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import * as tf from "@tensorflow/tfjs-core";
import { startBackend } from "@textdiffusion/backend-node";
import { type Backend, decodeSafetensors } from "@textdiffusion/core";
import { sparseCrossEntropy } from "@textdiffusion/ops";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { EncoderModel } from "./encoder/encoder-model.js";
import { loadModel } from "./files/load-model.js";

/**
 * `masked-language-models` was written by scripts/golden/masked_language_models.py, an independent statement, and
 * `transformers-models` by transformers itself (scripts/golden/transformers_models.py). Both are float64.
 */
const golden = fileURLToPath(new URL("../../../scripts/golden/", import.meta.url));

interface Expected {
  readonly batch: number;
  readonly seq: number;
  readonly ids: readonly number[];
  readonly attentionMask: readonly number[];
  readonly positions: readonly number[];
  readonly labels: readonly number[];
  readonly lossWeights: readonly number[];
  readonly logits: readonly number[];
  readonly lossNats: number;
}

const largest = (values: ArrayLike<number>) =>
  Array.from(values).reduce((max, value) => Math.max(max, Math.abs(value)), 0);
const largestDifference = (left: ArrayLike<number>, right: ArrayLike<number>) =>
  largest(Array.from(left, (value, index) => value - right[index]));

describe.each(["onnx", "wasm", "cpu"])("on %s", (backendName) => {
  let backend: Backend;
  beforeAll(async () => {
    backend = await startBackend(backendName);
  });
  afterAll(() => backend.dispose());

  // Of the independent statement: old buffers (roberta); names without prefix, gamma and beta, tied copies (bert); own
  // decoder, relu, float16 in two shards (roberta-untied); gelu_new, bfloat16 in three shards (bert-tanh).
  describe.each([
    "masked-language-models/roberta",
    "masked-language-models/bert",
    "masked-language-models/roberta-untied",
    "masked-language-models/bert-tanh",
    "transformers-models/roberta",
    "transformers-models/bert",
    "transformers-models/bert-untied",
  ])("%s", (folder) => {
    const expected: Expected = JSON.parse(readFileSync(`${golden}${folder}/expected.json`, "utf8"));
    const input = {
      batch: expected.batch,
      seq: expected.seq,
      ids: Int32Array.from(expected.ids),
      attentionMask: Uint8Array.from(expected.attentionMask),
      positions: Int32Array.from(expected.positions),
    };
    let model: EncoderModel;
    beforeAll(async () => {
      model = await loadModel(`${golden}${folder}`);
    });
    afterAll(() => model.dispose());

    it("gives the logits, to 1e-5 of the largest", async () => {
      const logits = model.logits(input);
      expect(logits.shape).toEqual([expected.positions.length, model.vocabularySize]);
      const values = await logits.data();
      logits.dispose();
      expect(values.length).toBe(expected.logits.length);
      expect(largestDifference(values, expected.logits) / largest(expected.logits)).toBeLessThan(1e-5);
    });

    it("gives the gradient of every parameter, to 1e-4 of the largest in each", async () => {
      const { tensors } = decodeSafetensors(
        readFileSync(`${golden}${folder}/gradients.safetensors`),
        `${folder}/gradients`,
      );
      const loss = () =>
        tf.tidy(() => {
          const labels = tf.tensor1d([...expected.labels], "int32");
          const weights = tf.tensor1d([...expected.lossWeights]);
          const nats = sparseCrossEntropy(model.logits(input), labels);
          return tf.div(tf.sum(tf.mul(weights, nats)), tf.sum(weights)) as tf.Scalar;
        });
      const { value, grads } = tf.variableGrads(loss, [...model.parameters.values()]);
      expect((await value.data())[0]).toBeCloseTo(expected.lossNats, 5);
      expect([...model.parameters.keys()].sort()).toEqual([...tensors.keys()].sort());
      // The bias of the keys shifts all scores of a query alike, so its true gradient is 0 and only rounding is left:
      // 1e-6 of the largest gradient of all is the floor.
      const floor = 1e-6 * Math.max(...[...tensors.values()].map(({ data }) => largest(data)));
      for (const [name, variable] of model.parameters) {
        const gradient = grads[variable.name];
        const reference = tensors.get(name)?.data as Float32Array;
        const difference = largestDifference(await gradient.data(), reference);
        expect(difference, name).toBeLessThan(1e-4 * largest(reference) + floor);
      }
      tf.dispose([value, grads]);
    });
  });
});
