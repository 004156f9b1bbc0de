import * as tf from "@tensorflow/tfjs-core";
import { startBackend } from "@textdiffusion/backend-node";
import { type Backend, DiffusionError, Random, type TokenRule } from "@textdiffusion/core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { tokenDistributions } from "./token-distributions.js";

const inf = Number.POSITIVE_INFINITY;

interface HostDraw {
  readonly probabilities: Float64Array;
  readonly token: number;
  readonly logProb: number;
  readonly entropy: number;
  readonly margin: number;
}

/** The token rule on one row, written plainly: everything is sorted and summed in doubles. */
function drawOnHost(
  logits: ArrayLike<number>,
  excluded: readonly number[],
  rule: TokenRule,
  uniform: number,
): HostDraw {
  const kept = Array.from(logits, (logit, id) => (excluded.includes(id) ? -inf : logit));
  const softmax = (values: readonly number[], temperature: number) => {
    const max = Math.max(...values);
    const powers = values.map((value) => Math.exp((value - max) / temperature));
    const total = powers.reduce((sum, power) => sum + power, 0);
    return powers.map((power) => power / total);
  };
  const scores = softmax(kept, rule.scoreTemperature ?? 1);
  const descending = [...kept.keys()].sort((a, b) => kept[b] - kept[a] || a - b);
  let probabilities: number[];
  if (rule.temperature === 0) {
    probabilities = kept.map((_, id) => (id === descending[0] ? 1 : 0));
  } else {
    const border = rule.topK === undefined ? -inf : kept[descending[Math.min(rule.topK, kept.length) - 1]];
    const inTopK = kept.map((logit) => (logit >= border ? logit : -inf));
    probabilities = softmax(inTopK, rule.temperature);
    if (rule.topP !== undefined && rule.topP < 1) {
      let mass = 0;
      const nucleus = new Set<number>();
      for (const id of descending) {
        if (mass >= rule.topP) break;
        nucleus.add(id);
        mass += probabilities[id];
      }
      probabilities = softmax(
        inTopK.map((logit, id) => (nucleus.has(id) ? logit : -inf)),
        rule.temperature,
      );
    }
  }
  let cumulative = 0;
  let token = -1;
  for (let id = 0; id < kept.length; id++) {
    if (probabilities[id] === 0) continue;
    token = id;
    cumulative += probabilities[id];
    if (cumulative > uniform) break;
  }
  const ranked = [...scores].sort((a, b) => b - a);
  return {
    probabilities: Float64Array.from(probabilities),
    token,
    logProb: Math.log(scores[token]),
    entropy: scores.reduce((sum, p) => sum - (p > 0 ? p * Math.log(p) : 0), 0),
    margin: ranked[0] - ranked[1],
  };
}

const random = Random.fromSeed(20);

function normalLogits(rows: number, vocab: number, spread: number, label: string): Float32Array {
  return random.split("logits", label).fillNormal(new Float32Array(rows * vocab), spread);
}

function uniformsOf(rows: number, label: string): Float64Array {
  const stream = random.split("uniforms", label);
  return Float64Array.from({ length: rows }, (_, row) => stream.uniform(row));
}

describe.each(["wasm", "cpu"])("token draws on %s", (backendName) => {
  let backend: Backend;
  let tensorsBefore: number;
  beforeAll(async () => {
    backend = await startBackend(backendName);
  });
  afterAll(() => backend.dispose());
  beforeEach(() => {
    tensorsBefore = tf.memory().numTensors;
  });
  afterEach(() => {
    expect(tf.memory().numTensors).toBe(tensorsBefore);
  });

  async function draw(
    logits: Float32Array,
    vocab: number,
    rule: TokenRule,
    uniforms: Float64Array,
    { forbidden = [] as number[], suppressed = [] as number[] } = {},
  ) {
    const distributions = tokenDistributions(tf.tensor2d(logits, [logits.length / vocab, vocab]), {
      forbidden,
    });
    try {
      return await distributions.draw(rule, uniforms, suppressed);
    } finally {
      distributions.dispose();
      distributions.dispose();
    }
  }

  const rules: TokenRule[] = [
    { temperature: 0 },
    { temperature: 0, scoreTemperature: 0.5 },
    { temperature: 1 },
    { temperature: 0.7, scoreTemperature: 2 },
    { temperature: 1.3, scoreTemperature: 1.3 },
    { temperature: 1, topK: 1 },
    { temperature: 0.8, topK: 20 },
    { temperature: 1, topK: 100_000 },
    { temperature: 1, topP: 0.9 },
    { temperature: 1, topP: 1 },
    { temperature: 2, topP: 0.999 },
    { temperature: 0.9, topK: 30, topP: 0.8 },
  ];

  it.each(rules)("agrees with the rule written plainly: %j", async (rule) => {
    for (const [vocab, spread] of [
      [1, 1],
      [2, 1],
      [101, 3],
      [1000, 0.1],
      [1000, 8],
    ] as const) {
      const rows = 24;
      const logits = normalLogits(rows, vocab, spread, `${vocab} ${spread}`);
      const uniforms = uniformsOf(rows, `${vocab}`);
      const forbidden = vocab > 100 ? [0, 50, vocab - 1] : [];
      const suppressed = vocab > 100 ? [3, 50] : [];
      const draws = await draw(logits, vocab, rule, uniforms, { forbidden, suppressed });
      for (let row = 0; row < rows; row++) {
        const expected = drawOnHost(
          logits.subarray(row * vocab, (row + 1) * vocab),
          [...forbidden, ...suppressed],
          rule,
          uniforms[row],
        );
        expect(draws.tokens[row]).toBe(expected.token);
        expect(draws.logProbs[row]).toBeCloseTo(expected.logProb, 4);
        expect(draws.entropy[row]).toBeCloseTo(expected.entropy, 4);
        if (vocab > 1) expect(draws.margin[row]).toBeCloseTo(expected.margin, 5);
      }
    }
  });
});
void DiffusionError;
