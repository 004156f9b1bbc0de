import * as tf from "@tensorflow/tfjs-core";
import { startBackend } from "@textdiffusion/backend-node";
import { type Backend, Random } from "@textdiffusion/core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type AttentionInput, attentionBias, multiHeadAttention } from "./attention.js";

const [batch, seq, heads, hidden] = [2, 5, 3, 12];
const size = hidden / heads;
const normal = (label: string) =>
  Random.fromSeed(9)
    .split(label)
    .fillNormal(new Float32Array(batch * seq * hidden));
const [queries, keys, values] = [normal("queries"), normal("keys"), normal("values")];
const attentionMask = Uint8Array.of(1, 1, 1, 1, 1, 1, 1, 0, 1, 0);

/** Position by position, head by head, in doubles. */
function statement(): number[] {
  const output = new Array<number>(batch * seq * hidden).fill(0);
  for (let row = 0; row < batch; row++) {
    for (let head = 0; head < heads; head++) {
      const at = (position: number, channel: number) =>
        (row * seq + position) * hidden + head * size + channel;
      for (let query = 0; query < seq; query++) {
        const powers = Array.from({ length: seq }, (_, key) => {
          let product = 0;
          for (let channel = 0; channel < size; channel++) {
            product += queries[at(query, channel)] * keys[at(key, channel)];
          }
          return attentionMask[row * seq + key] ? Math.exp(product / Math.sqrt(size)) : 0;
        });
        const total = powers.reduce((sum, power) => sum + power, 0);
        for (let channel = 0; channel < size; channel++) {
          for (let key = 0; key < seq; key++) {
            output[at(query, channel)] += (powers[key] / total) * values[at(key, channel)];
          }
        }
      }
    }
  }
  return output;
}

const attend = async (keys: Float32Array, values: Float32Array) =>
  tf
    .tidy(() =>
      multiHeadAttention({
        batch,
        seq,
        heads,
        queries: tf.tensor2d(queries, [batch * seq, hidden]),
        keys: tf.tensor2d(keys, [batch * seq, hidden]),
        values: tf.tensor2d(values, [batch * seq, hidden]),
        bias: attentionBias(tf.tensor2d(attentionMask, [batch, seq], "int32")),
      }),
    )
    .data();

describe.each(["onnx", "wasm", "cpu"])("on %s", (name) => {
  let backend: Backend;
  beforeAll(async () => {
    backend = await startBackend(name);
  });
  afterAll(() => backend.dispose());

  it("is its formula in doubles", async () => {
    const expected = statement();
    (await attend(keys, values)).forEach((value, index) => {
      expect(value).toBeCloseTo(expected[index], 5);
    });
  });

  it("does not see a masked key at all, whatever stands there", async () => {
    const hide = (array: Float32Array) =>
      array.map((value, index) => (attentionMask[Math.floor(index / hidden)] ? value : value * 100 + 7));
    expect(await attend(hide(keys), hide(values))).toEqual(await attend(keys, values));
  });

  it("has the gradients that tfjs puts together from the parts, for queries, keys and values", async () => {
    const upstream = normal("upstream");
    const gradients = async (dropping: boolean) => {
      const found = tf.tidy(() =>
        tf.grads((queries, keys, values) =>
          multiHeadAttention({
            ...({ batch, seq, heads, queries, keys, values } as AttentionInput),
            bias: attentionBias(tf.tensor2d(attentionMask, [batch, seq], "int32")),
            // The formula with dropout has no gradient of its own; at a rate of 0 nothing is dropped.
            dropout: dropping ? { rate: 0, random: Random.fromSeed(1) } : undefined,
          }),
        )(
          [queries, keys, values].map((array) => tf.tensor2d(array, [batch * seq, hidden])),
          tf.tensor2d(upstream, [batch * seq, hidden]),
        ),
      );
      return Promise.all(found.map((gradient) => gradient.data()));
    };
    const expected = await gradients(true);
    for (const [input, gradient] of (await gradients(false)).entries()) {
      const largest = Math.max(...expected[input].map(Math.abs));
      gradient.forEach((value, place) => {
        expect(Math.abs(value - expected[input][place]) / largest, `${input}, ${place}`).toBeLessThan(2e-6);
      });
    }
  });

  it("drops whole probabilities when dropout is wanted", async () => {
    const [rate, random] = [0.5, Random.fromSeed(4)];
    const ones = tf.tidy(() => tf.ones<tf.Rank.R2>([batch * seq, hidden]));
    const output = tf.tidy(() =>
      multiHeadAttention({
        ...{ batch, seq, heads, queries: ones, keys: ones, values: ones },
        bias: attentionBias(tf.ones([batch, seq])),
        dropout: { rate, random },
      }),
    );
    // Equal scores: each key has 1 / seq, and a kept one counts 1 / (1 - rate) times.
    const uniforms = random.fillUniform(new Float32Array(batch * heads * seq * seq));
    const found = await output.data();
    for (let row = 0; row < batch; row++) {
      for (let head = 0; head < heads; head++) {
        for (let query = 0; query < seq; query++) {
          const first = ((row * heads + head) * seq + query) * seq;
          const kept = uniforms.subarray(first, first + seq).filter((uniform) => uniform >= rate).length;
          expect(found[(row * seq + query) * hidden + head * size]).toBeCloseTo(kept / seq / (1 - rate), 5);
        }
      }
    }
    ones.dispose();
    output.dispose();
  });
});
