import * as tf from "@tensorflow/tfjs-core";
import { startBackend } from "@textdiffusion/backend-node";
import {
  type Backend,
  DiffusionError,
  hostDistributions,
  Random,
  type TokenRestriction,
  type TokenRule,
} from "@textdiffusion/core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { restrictLogits } from "./restrict-logits.js";
import { tokenDistributions } from "./token-distributions.js";

const random = Random.fromSeed(31);
const rules: readonly TokenRule[] = [
  { temperature: 0 },
  { temperature: 1 },
  { temperature: 0.7, scoreTemperature: 2 },
  { temperature: 1, topK: 5 },
  { temperature: 1, topP: 0.8 },
  { temperature: 1.3, topK: 40, topP: 0.5 },
];

describe.each(["onnx", "wasm", "cpu"])("restricted draws on %s", (backendName) => {
  let backend: Backend;
  beforeAll(async () => {
    backend = await startBackend(backendName);
  });
  afterAll(() => backend.dispose());

  const [rows, vocab] = [24, 700];
  const logits = random.split("logits").fillNormal(new Float32Array(rows * vocab), 2);
  const uniforms = Float64Array.from({ length: rows }, (_, row) => random.split("uniform").uniform(row));
  const table = Array.from({ length: rows }, (_, index) => {
    const row = Float64Array.from(logits.subarray(index * vocab, (index + 1) * vocab));
    const logMass = Math.log(row.reduce((mass, logit) => mass + Math.exp(logit), 0));
    return row.map((logit) => logit - logMass);
  });
  const digits: TokenRestriction = { allowed: [3, 90, 91, 400, 699] };
  const kinds: readonly (TokenRestriction | undefined)[] = [
    undefined,
    digits,
    { banned: Int32Array.from({ length: 600 }, (_, id) => id) },
    { allowed: Int32Array.from({ length: 350 }, (_, id) => 2 * id), banned: [0, 2, 4] },
    digits,
    { allowed: [77] },
  ];
  const restrictions = Array.from({ length: rows }, (_, row) => kinds[row % kinds.length]);

  it.each(rules)("are the reference's, and rows without a restriction are as they were: %j", async (rule) => {
    const before = backend.memory().tensors;
    const distributions = tokenDistributions(tf.tensor2d(logits, [rows, vocab]), { forbidden: [5] });
    const actual = await distributions.draw(rule, uniforms, [90], restrictions);
    const free = await distributions.draw(rule, uniforms, [90]);
    distributions.dispose();
    expect(backend.memory().tensors).toBe(before);
    const reference = hostDistributions(
      table.map((row) => row.map((logProb, id) => (id === 5 ? Number.NEGATIVE_INFINITY : logProb))),
    );
    const expected = await reference.draw(rule, uniforms, [90], restrictions);
    expect(actual.tokens).toEqual(expected.tokens);
    for (const name of ["logProbs", "entropy", "margin"] as const) {
      // float32 sums of up to 700 terms: 1e-6 relative of values up to 20 nats
      for (let row = 0; row < rows; row++) {
        expect(Math.abs(actual[name][row] - expected[name][row])).toBeLessThan(5e-5);
        if (restrictions[row] === undefined) expect(actual[name][row]).toBe(free[name][row]);
      }
    }
  });

  it("upload nothing where nothing is restricted, and one row for each different restriction", () => {
    tf.tidy(() => {
      const chunk = tf.zeros([4, 5, 6]) as tf.Tensor3D;
      expect(restrictLogits(chunk, [undefined, undefined, undefined, undefined])).toBeUndefined();
      const before = backend.memory().tensors;
      const restricted = restrictLogits(chunk, [{ allowed: [2] }, undefined, { banned: [1] }, undefined]);
      expect(backend.memory().tensors).toBe(before + 1);
      expect(restricted?.shape).toEqual([4, 5, 6]);
    });
  });

  it.each<[string, RegExp, (TokenRestriction | undefined)[]]>([
    ["SHAPE_MISMATCH", /2 restrictions, got 1/, [undefined]],
    ["TOKEN_OUT_OF_RANGE", /below 3, got 3 at requested position 1/, [undefined, { allowed: [3] }]],
    ["TOKEN_OUT_OF_RANGE", /got -1 at requested position 0/, [{ banned: [-1] }, undefined]],
    ["CONFIG_INVALID", /requested position 1, got none/, [undefined, { allowed: [] }]],
    ["CONFIG_INVALID", /requested position 0, got none/, [{ allowed: [0] }, undefined]],
    ["CONFIG_INVALID", /requested position 0, got none/, [{ banned: [1, 2] }, undefined]],
  ])("refuse with %s: %s", async (code, words, wrong) => {
    const distributions = tokenDistributions(tf.zeros([2, 3]) as tf.Tensor2D, { forbidden: [0] });
    const failure = await distributions
      .draw({ temperature: 1 }, Float64Array.of(0.5, 0.5), [], wrong)
      .catch((error: unknown) => error);
    distributions.dispose();
    expect(DiffusionError.is(failure, code as "SHAPE_MISMATCH")).toBe(true);
    expect(String(failure)).toMatch(words);
  });
});
