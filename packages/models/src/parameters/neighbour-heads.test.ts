import * as tf from "@tensorflow/tfjs-core";
import { startBackend } from "@textdiffusion/backend-node";
import { Random } from "@textdiffusion/core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createModel } from "../create-model.js";

const seq = 24;
const options = {
  layers: 2,
  hidden: 48,
  heads: 4,
  vocabularySize: 40,
  maxLength: seq,
  initialization: "neighbour-heads",
} as const;

describe.each(["bert", "roberta"] as const)("%s with neighbour heads", (architecture) => {
  let backend: Awaited<ReturnType<typeof startBackend>>;
  beforeAll(async () => {
    backend = await startBackend("cpu");
  });
  afterAll(() => backend.dispose());

  it("scores the head's neighbour above every other position", async () => {
    const model = await createModel({ ...options, architecture }, Random.fromSeed(3));
    const weight = async (name: string) =>
      (await [...model.parameters].find(([key]) => key.endsWith(name))?.[1].array()) as number[][];
    const positions = await weight("position_embeddings.weight");
    const query = await weight("layer.0.attention.self.query.weight");
    const key = await weight("layer.0.attention.self.key.weight");
    model.dispose();

    const times = (matrix: number[][], vector: number[]) =>
      matrix.map((row) => row.reduce((sum, value, column) => sum + value * vector[column], 0));
    const first = positions.length - seq; // RoBERTa's first rows are for padding
    const headSize = options.hidden / options.heads;
    for (const [head, offset] of [-1, 1, -2, 2].entries()) {
      const part = (vector: number[]) => vector.slice(head * headSize, (head + 1) * headSize);
      for (let position = 2; position < seq - 2; position++) {
        const asked = part(times(query, positions[first + position]));
        const scores = Array.from({ length: seq }, (_, other) => {
          const answer = part(times(key, positions[first + other]));
          return answer.reduce((sum, value, index) => sum + value * asked[index], 0);
        });
        expect(scores.indexOf(Math.max(...scores)) - position).toBe(offset);
      }
    }
  });

  it("leaves every other weight as the published initialisation draws it, up to its deviation", async () => {
    const [shaped, plain] = [
      await createModel({ ...options, architecture }, Random.fromSeed(3)),
      await createModel({ ...options, architecture, initialization: "published" }, Random.fromSeed(3)),
    ];
    const ratio = 0.6 / Math.sqrt(48) / 0.02;
    for (const [name, variable] of shaped.parameters) {
      if (/position_embeddings|self\.(query|key)\.weight/.test(name)) continue;
      const scale = /bias|norm/i.test(name) ? 1 : ratio;
      const [values, expected] = [await variable.data(), await plain.parameters.get(name)?.data()];
      expected?.forEach((value, index) => {
        expect(Math.abs(values[index] - value * scale)).toBeLessThan(1e-6);
      });
    }
    shaped.dispose();
    plain.dispose();
    expect(tf.memory().numTensors).toBe(0);
  });
});
