import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import { loadTextDiffusion, trainTextDiffusion } from "textdiffusion";
import { afterAll, describe, expect, it } from "vitest";

const folder = mkdtempSync(join(tmpdir(), "textdiffusion-leaks-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const data = join(folder, "text.txt");
writeFileSync(data, "The tide comes in and the tide goes out and nobody asks it why. ".repeat(60));

const samplers = [
  { name: "remasking", steps: 4 },
  { name: "threshold" },
  { name: "confidence", steps: 4, temperature: 0.7, topP: 0.9 },
  { name: "random", steps: 4, topK: 20 },
] as const;

describe.each(["onnx", "wasm", "cpu"] as const)("on %s", (backend) => {
  const out = join(folder, backend);
  const tensors = () => tf.engine().state.numTensors;

  it("50 training steps leave no tensor behind", async () => {
    const before = tensors();
    const counts = new Set<number>();
    await trainTextDiffusion({
      out,
      backend,
      data: { file: data, rowLength: 24 },
      model: { layers: 1, hidden: 16, heads: 2 },
      training: { steps: 50, batchSize: 2, evaluateEvery: 25, logEvery: 1 },
      onEvent: (event) => event.kind === "step" && counts.add(tensors()),
    });
    expect([...counts]).toHaveLength(1);
    expect(tensors()).toBe(before);
  });

  it("50 generations leave no tensor behind, and dispose returns to the baseline", async () => {
    const before = tensors();
    const models = await Promise.all(
      samplers.map((sampler) => loadTextDiffusion({ folder: out, backend, sampler })),
    );
    const loaded = tensors();
    for (let seed = 0; seed < 50; seed++) {
      await models[seed % 4].generate({
        prompts: ["The tide", ["go", { gap: 5 + (seed % 3) }, "out"]],
        seed,
      });
      expect(tensors()).toBe(loaded);
    }
    for (const model of models) await model.dispose();
    expect(tensors()).toBe(before);
  });
});
