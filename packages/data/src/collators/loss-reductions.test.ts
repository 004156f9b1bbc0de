import { describe, expect, it } from "vitest";
import { lossReductionNames, lossReductions, type NoisedRows } from "./loss-reductions.js";

/** Two rows of three: 2 of 3 maskable masked at rate 1/2, and 1 of 2 at rate 1/4. */
const rows: NoisedRows = {
  batch: 2,
  seq: 3,
  maskable: Uint8Array.of(1, 1, 1, 0, 1, 1),
  noiseMask: Uint8Array.of(1, 1, 0, 0, 0, 1),
  rate: Float64Array.of(0.5, 0.25),
  rateImportance: Float64Array.of(1, 2),
  chanceOfAnyMask: (maskable) => maskable / (maskable + 1), // rates drawn from all of (0, 1)
};

describe("loss reductions", () => {
  it("bound: density over rate on each mask, over the maskable tokens", () => {
    expect(lossReductions.bound.weigh(rows)).toEqual({
      lossWeight: Float32Array.of(2, 2, 0, 0, 0, 8), // 1 / 0.5 and 2 / 0.25
      lossDenominator: 5,
    });
  });

  it("row-mean: density over the row's masks and over the chance of any, over the rows", () => {
    const { lossWeight, lossDenominator } = lossReductions["row-mean"].weigh(rows);
    const [first, second] = [1 / (2 * (3 / 4)), 2 / (1 * (2 / 3))];
    expect([...lossWeight]).toEqual([first, first, 0, 0, 0, second].map(Math.fround));
    expect(lossDenominator).toBe(2);
  });

  it("masked-mean: every mask counts once, over the masks", () => {
    expect(lossReductions["masked-mean"].weigh(rows)).toEqual({
      lossWeight: Float32Array.of(1, 1, 0, 0, 0, 1),
      lossDenominator: 3,
    });
  });

  it("uniform: every mask counts once, over the maskable tokens", () => {
    expect(lossReductions.uniform.weigh(rows)).toEqual({
      lossWeight: Float32Array.of(1, 1, 0, 0, 0, 1),
      lossDenominator: 5,
    });
  });

  it("an empty row weighs nothing; it counts wherever masks are not what is counted", () => {
    const oneEmpty = { ...rows, noiseMask: Uint8Array.of(1, 1, 0, 0, 0, 0) };
    // The masks of the second row are gone, its two maskable tokens are not.
    const denominators = lossReductionNames.map(
      (name) => lossReductions[name].weigh(oneEmpty).lossDenominator,
    );
    expect(Object.fromEntries(lossReductionNames.map((name, index) => [name, denominators[index]]))).toEqual({
      bound: 5,
      "row-mean": 2,
      "masked-mean": 2,
      uniform: 5,
    });
    for (const name of lossReductionNames) {
      const { lossWeight } = lossReductions[name].weigh(oneEmpty);
      expect([...lossWeight.subarray(3)]).toEqual([0, 0, 0]);
    }
  });

  it("a row that is all prompt counts nowhere", () => {
    const prompt = {
      ...rows,
      maskable: Uint8Array.of(1, 1, 1, 0, 0, 0),
      noiseMask: Uint8Array.of(1, 1, 0, 0, 0, 0),
    };
    expect(lossReductions["row-mean"].weigh(prompt).lossDenominator).toBe(1);
    expect(lossReductions.bound.weigh(prompt).lossDenominator).toBe(3);
  });

  it("a batch without masks divides by zero exactly where dividesByMasks says so, and never gives NaN", () => {
    const empty = { ...rows, noiseMask: new Uint8Array(6) };
    for (const name of lossReductionNames) {
      const { lossWeight, lossDenominator } = lossReductions[name].weigh(empty);
      expect([...lossWeight]).toEqual([0, 0, 0, 0, 0, 0]);
      expect(lossDenominator === 0).toBe(lossReductions[name].dividesByMasks);
    }
  });
});
