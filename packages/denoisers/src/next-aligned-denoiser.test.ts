import { type Denoiser, reverseLoop, type Sampler } from "@textdiffusion/core";
import {
  denoiserLaws,
  fakeDenoiser,
  letterTokenizer,
  powerNoise,
  tableDenoiser,
} from "@textdiffusion/testkit";
import { describe, expect, it } from "vitest";
import { nextAlignedDenoiser } from "./next-aligned-denoiser.js";

const tokenizer = letterTokenizer("abc");
const { mask, begin } = tokenizer.special as { mask: number; begin: number };
const [a, b, c] = tokenizer.encode("abc");
const options = { vocabularySize: tokenizer.vocabularySize, maskTokenId: mask };

/** Two framed texts: what is known of either token depends on the other. */
const table = () =>
  tableDenoiser({
    ...options,
    joint: [
      { ids: [begin, a, b, c], probability: 0.6 },
      { ids: [begin, b, c, a], probability: 0.4 },
    ],
  });

/** As an autoregressive model is laid out: at position p stands what is to be known of position p + 1. */
function predictingNext(truth: Denoiser): Denoiser {
  return {
    ...truth,
    denoise: (input) =>
      truth.denoise({
        ...input,
        positions: input.positions.map((flat) => (flat % input.seq === input.seq - 1 ? flat : flat + 1)),
      }),
  };
}

const oneByOne: Sampler = {
  name: "one-by-one",
  tokenRule: { temperature: 1 },
  steps: "until-done",
  revises: false,
  request: (row) => row.masked.slice(-1),
  decide: () => ({ commit: [0], remask: [] }),
};

describe("nextAlignedDenoiser", () => {
  for (const law of denoiserLaws(() => nextAlignedDenoiser(fakeDenoiser(options)), options)) {
    it(law.name, () => law.run());
  }

  const canvas = {
    batch: 1,
    seq: 4,
    ids: Int32Array.of(begin, mask, b, mask),
    attentionMask: new Uint8Array(4).fill(1),
    time: Float64Array.of(0.5),
    positions: Int32Array.of(1, 3),
  };

  it("says of each position what the truth says, from a model that says it one position before", async () => {
    const answer = await (await nextAlignedDenoiser(predictingNext(table())).denoise(canvas)).logProbs();
    expect(answer).toEqual(await (await table().denoise(canvas)).logProbs());
    expect(Math.exp(answer[a])).toBeCloseTo(1, 6); // only "abc" has b in the middle
  });

  it("differs from the same model unaligned", async () => {
    const shifted = await (await predictingNext(table()).denoise(canvas)).logProbs();
    expect(shifted).not.toEqual(await (await table().denoise(canvas)).logProbs());
  });

  it("writes the texts of the table, and no other", async () => {
    const row = [begin, mask, mask, mask];
    const canvas = {
      batch: 40,
      seq: 4,
      ids: Int32Array.from({ length: 160 }, (_, flat) => row[flat % 4]),
      attentionMask: new Uint8Array(160).fill(1),
      editable: Uint8Array.from({ length: 160 }, (_, flat) => (flat % 4 === 0 ? 0 : 1)),
    };
    const events = reverseLoop({
      denoiser: nextAlignedDenoiser(predictingNext(table())),
      sampler: oneByOne,
      schedule: powerNoise(1),
      canvas,
      maskTokenId: mask,
      seed: 3,
    });
    const texts = new Set<string>();
    for await (const event of events) {
      if (event.kind !== "finished") continue;
      for (let row = 0; row < 40; row++)
        texts.add(tokenizer.decode(event.ids.subarray(4 * row, 4 * row + 4)));
    }
    expect([...texts].sort()).toEqual(["abc", "bca"]);
  });

  it("gives its own answer where nothing stands before: at the start of a row, and after padding", async () => {
    const inner = fakeDenoiser(options);
    const asked: number[][] = [];
    const aligned = nextAlignedDenoiser({
      ...inner,
      denoise: (input) => {
        asked.push([...input.positions]);
        return inner.denoise(input);
      },
    });
    await aligned.denoise({
      batch: 2,
      seq: 3,
      ids: new Int32Array(6).fill(mask),
      attentionMask: Uint8Array.of(1, 1, 1, 0, 1, 1),
      time: Float64Array.of(1, 1),
      positions: Int32Array.of(0, 1, 2, 4, 5),
    });
    expect(asked).toEqual([[0, 0, 1, 4, 4]]);
  });
});
