import {
  type Canvas,
  type Denoiser,
  type GenerationFinished,
  reverseLoop,
  type Sampler,
} from "@textdiffusion/core";
import { reusingDenoiser } from "@textdiffusion/denoisers";
import {
  ancestralReveal,
  ancestralSampler,
  editingSampler,
  pathPlanningSampler,
} from "@textdiffusion/samplers";
import { linearSchedule } from "@textdiffusion/schedules";
import { fakeDenoiser } from "@textdiffusion/testkit";
import { describe, expect, it } from "vitest";

const [vocabularySize, maskTokenId] = [12, 11];
const fake = () => fakeDenoiser({ vocabularySize, maskTokenId, sharpness: 3 });

function page(batch: number, seq: number): Canvas {
  return {
    batch,
    seq,
    ids: new Int32Array(batch * seq).fill(maskTokenId),
    attentionMask: new Uint8Array(batch * seq).fill(1),
    editable: new Uint8Array(batch * seq).fill(1),
  };
}

async function written(
  denoiser: Denoiser,
  sampler: Sampler,
  canvas: Canvas,
  seed: number,
): Promise<GenerationFinished> {
  for await (const event of reverseLoop({
    denoiser,
    sampler,
    schedule: linearSchedule(),
    canvas,
    maskTokenId,
    seed,
  })) {
    if (event.kind === "finished") return event;
  }
  throw new Error("the loop ended without an end");
}

describe("reuse", () => {
  it.each([
    ["path-planning", pathPlanningSampler({ steps: 24 })],
    ["editing", editingSampler({ threshold: 0.6 })],
    ["ancestral", ancestralSampler({ steps: 24 })],
  ])("gives %s the same texts for fewer rows", async (_, sampler) => {
    let saved = 0;
    for (let seed = 0; seed < 10; seed++) {
      const plain = await written(fake(), sampler, page(3, 8), seed);
      const reused = await written(reusingDenoiser(fake()), sampler, page(3, 8), seed);
      expect(reused.ids).toEqual(plain.ids);
      expect(reused.rowForwards).toBeLessThanOrEqual(plain.rowForwards);
      saved += plain.rowForwards - reused.rowForwards;
    }
    expect(saved).toBeGreaterThan(0);
  });
});

/** The ancestral sampler as it is written elsewhere: it predicts every masked position in each step, then decides. */
const asksForAll = (steps: number): Sampler => ({
  ...ancestralSampler({ steps }),
  request: (row) => row.masked,
  decide: (row, draws) => {
    const revealed = new Set(ancestralReveal.request(row));
    return {
      commit: [...draws.positions.keys()].filter((index) => revealed.has(draws.positions[index])),
      remask: [],
    };
  },
});

describe("the ancestral sampler under the linear schedule", () => {
  it("needs a forward for each step that reveals something: S (1 - (1 - 1/S)^L) of them, with reuse or by asking late", async () => {
    // Each of L tokens is revealed in one of S steps, all as likely, so a step reveals none with (1 - 1/S)^L: MDLM's sum
    // over steps of 1 - (1 - 1/(S - j))^(n_j), its expectation taken over the number n_j that is masked.
    const [seq, steps, runs] = [6, 16, 200];
    const expected = steps * (1 - (1 - 1 / steps) ** seq);
    const counts: number[] = [];
    for (let seed = 0; seed < runs; seed++) {
      const late = await written(fake(), ancestralSampler({ steps }), page(1, seq), seed);
      const reused = await written(reusingDenoiser(fake()), asksForAll(steps), page(1, seq), seed);
      expect(reused.ids).toEqual(late.ids);
      expect(reused.forwards).toBe(late.forwards);
      counts.push(late.forwards);
    }
    const mean = counts.reduce((sum, count) => sum + count, 0) / runs;
    const variance = counts.reduce((sum, count) => sum + (count - mean) ** 2, 0) / (runs - 1);
    const errors = Math.abs(mean - expected) / Math.sqrt(variance / runs);
    expect(errors).toBeLessThan(4.9); // a false alarm in a million seeds
    expect(Math.max(...counts)).toBeLessThanOrEqual(Math.min(seq, steps));
  });
});
