import { Random } from "@textdiffusion/core";
import { describe, expect, it } from "vitest";
import { type JudgedStep, noSteps, type RecentSteps, spikeOf, withStep } from "./spikes.js";

const options = { threshold: 10, window: 8 };

/** `tokens` tokens of weight 1 in a batch of as many, which have this mean cross entropy; the norm is that of one token's gradient. */
function stepOf(meanNats: number, norm = 1, tokens = 4): JudgedStep {
  const batch = { lossWeight: new Float32Array(tokens).fill(1), lossDenominator: tokens };
  return { lossNats: meanNats, gradientNorm: norm / Math.sqrt(tokens), batches: [batch] };
}

const after = (steps: readonly JudgedStep[], window = options.window): RecentSteps =>
  steps.reduce((recent, step) => withStep(step, recent, window), noSteps);

describe("spikeOf", () => {
  // Means of 4 tokens at 3 -+ 0.1 and 0.3: their residuals, times sqrt(4), have the median size 0.4.
  const recent = after([-0.3, -0.1, 0.1, 0.3].map((far) => stepOf(3 + far, Math.exp(far))));
  const usualNats = (tokens: number) => (1.4826 * 0.4) / Math.sqrt(tokens);
  const usualLog = 1.4826 * 0.2;

  it("counts deviations of the mean cross entropy, as certain as the tokens are many", () => {
    for (const tokens of [4, 1, 100]) {
      const spike = spikeOf(stepOf(3 + 12 * usualNats(tokens), 1, tokens), recent, options);
      expect(spike?.expectedLossNats).toBeCloseTo(3);
      expect(spike?.lossDeviations).toBeCloseTo(12);
      expect(spike?.gradientDeviations).toBeCloseTo(0);
    }
  });

  it("finds a spike of the loss or of the gradient, above the threshold only", () => {
    const at = (loss: number, gradient: number) =>
      spikeOf(stepOf(3 + loss * usualNats(4), Math.exp(gradient * usualLog)), recent, options);
    expect(at(9.99, 9.99)).toBeUndefined();
    expect(at(10.01, 0)?.lossDeviations).toBeCloseTo(10.01);
    expect(at(0, 10.01)?.gradientDeviations).toBeCloseTo(10.01);
    expect(at(-50, -50)).toBeUndefined();
  });

  it("expects of each step what its weights make of it", () => {
    // One token of weight 30 among 3 of weight 1: sum 33, squares 903, over a denominator of 16.
    const batches = [{ lossWeight: Float32Array.of(30, 1, 1, 1), lossDenominator: 16 }];
    const ordinary = { lossNats: (3 * 33) / 16, gradientNorm: Math.sqrt(903) / 16, batches };
    expect(spikeOf(ordinary, recent, { ...options, threshold: 0.01 })).toBeUndefined();
    const spike = spikeOf({ ...ordinary, gradientNorm: 1e6 }, recent, options);
    expect(spike?.expectedLossNats).toBeCloseTo((3 * 33) / 16);
    expect(spike?.expectedGradientNorm).toBeCloseTo(Math.sqrt(903) / 16);
  });

  it("adds up the micro-batches of a step", () => {
    const { batches, ...measured } = stepOf(3 + 12 * usualNats(4));
    const halves = [0, 2].map((from) => ({
      lossWeight: batches[0].lossWeight.subarray(from, from + 2),
      lossDenominator: 2,
    }));
    expect(spikeOf({ ...measured, batches: halves }, recent, options)).toEqual(
      spikeOf({ ...measured, batches }, recent, options),
    );
  });

  it("judges nothing before half a window is known", () => {
    const far = stepOf(1e6, 1e6);
    const steps = [2.9, 3, 3.1, 3.2].map((mean) => stepOf(mean));
    expect(spikeOf(far, after(steps.slice(1)), options)).toBeUndefined();
    expect(spikeOf(far, after(steps), options)).toBeDefined();
  });

  const wave = (height: number, count: number) =>
    Array.from({ length: count }, (_, index) => stepOf(height + 0.1 * Math.sin(index)));

  it("is not led astray by a spike in the window", () => {
    const spikes = [stepOf(9), stepOf(9), stepOf(9)];
    expect(spikeOf(stepOf(6), after(wave(3, 64), 64), options)).toBeDefined();
    expect(spikeOf(stepOf(6), after([...wave(3, 64), ...spikes], 64), options)).toBeDefined();
  });

  it("takes what stays high for ordinary after half a window", () => {
    let recent = after(wave(3, 64), 64);
    let spikes = 0;
    for (const step of wave(20, 100)) {
      if (spikeOf(step, recent, { threshold: 10, window: 64 })) spikes++;
      recent = withStep(step, recent, 64);
    }
    expect(spikes).toBeGreaterThan(8);
    expect(spikes).toBeLessThanOrEqual(32);
  });

  it("calls no rise below a tenth a spike, however alike the steps were, and can do with zeros", () => {
    const same = after(Array.from({ length: 6 }, () => stepOf(1)));
    expect(spikeOf(stepOf(1.09), same, options)).toBeUndefined();
    expect(spikeOf(stepOf(1.11), same, options)).toBeDefined();
    const zero = after(Array.from({ length: 6 }, () => stepOf(0, 0)));
    expect(spikeOf(stepOf(0, 0), zero, options)).toBeUndefined();
    expect(spikeOf(stepOf(1, 0), zero, options)?.lossDeviations).toBeGreaterThan(10);
  });

  it("finds none in 5,000 steps of weights 1 / t, where the losses themselves have hundreds of 10 deviations", () => {
    const random = Random.fromSeed(1);
    let recent = noSteps;
    const losses: number[] = [];
    let spikes = 0;
    for (let index = 0; index < 5_000; index++) {
      // Two rows of 16 tokens at rates drawn from (0, 1]; each masked token has a cross entropy of 2 to 4 nats, a gradient of its own.
      const own = random.split("step", index);
      const lossWeight = new Float32Array(32);
      let sum = 0;
      for (let token = 0; token < 32; token++) {
        const rate = 1 - own.split("rate").uniform(Math.floor(token / 16));
        if (own.split("mask").uniform(token) >= rate) continue;
        lossWeight[token] = 1 / rate;
        sum += (2 + 2 * own.split("nats").uniform(token)) / rate;
      }
      const norm = Math.sqrt(lossWeight.reduce((squares, weight) => squares + weight ** 2, 0));
      const step = {
        lossNats: sum / 32,
        gradientNorm: norm / 32,
        batches: [{ lossWeight, lossDenominator: 32 }],
      };
      if (spikeOf(step, recent, { threshold: 10, window: 128 })) spikes++;
      recent = withStep(step, recent, 128);
      losses.push(step.lossNats);
    }
    expect(spikes).toBe(0);
    const middle = losses.toSorted((a, b) => a - b)[2500];
    const deviation = 1.4826 * losses.map((loss) => Math.abs(loss - middle)).toSorted((a, b) => a - b)[2500];
    expect(losses.filter((loss) => loss - middle > 10 * deviation).length).toBeGreaterThan(0);
  });
});

describe("withStep", () => {
  it("keeps the newest steps, and leaves out those in which no noise fell", () => {
    const nothing = {
      lossNats: 0,
      gradientNorm: 0,
      batches: [{ lossWeight: new Float32Array(4), lossDenominator: 4 }],
    };
    const recent = after([stepOf(1), stepOf(2, 3), nothing, stepOf(3), stepOf(4, 5, 9)], 3);
    expect(recent.meanNats).toEqual([2, 3, 4]);
    expect(recent.tokens).toEqual([4, 4, 9]);
    expect(recent.gradientNorm).toEqual([3, 1, 5].map((norm) => expect.closeTo(norm)));
  });
});
