import { describe, expect, it } from "vitest";
import { lladaCounts, stratifiedCounts } from "./mask-counts.js";

describe("stratifiedCounts", () => {
  it("takes counts of 1 to N, evenly apart", () => {
    expect(stratifiedCounts(8, 4, 0.3)).toEqual([3, 5, 7, 1]); // floor(8 * .3) + 1, then 2 further each, wrapped
    expect(stratifiedCounts(1, 3, 0.9)).toEqual([1, 1, 1]);
    expect(stratifiedCounts(5, 1, 1 - 2 ** -53)).toEqual([5]);
  });

  it("draws every count equally often in every stratum, where strata do not divide N, too", () => {
    for (const [scored, strata] of [
      [10, 4],
      [7, 3],
      [3, 8],
    ]) {
      const grid = scored * strata * 10; // uniforms in the middles of cells that divide every border
      const times = Array.from({ length: strata }, () => new Int32Array(scored + 1));
      for (let index = 0; index < grid; index++) {
        const counts = stratifiedCounts(scored, strata, (index + 0.5) / grid);
        for (const [stratum, count] of counts.entries()) times[stratum][count]++;
      }
      for (const stratum of times)
        expect([...stratum]).toEqual([0, ...new Array(scored).fill(grid / scored)]);
    }
  });
});

describe("lladaCounts", () => {
  it("rounds 7, 9.5, 12 and 14.5 of 10 half to even, and wraps", () => {
    expect(lladaCounts(10, 4, 0.65)).toEqual([7, 10, 2, 4]);
  });

  it("draws every count equally often in every stratum whose offset does not end in .5, and even ones in those", () => {
    for (const [scored, strata] of [
      [10, 4],
      [10, 5],
      [7, 3],
      [4, 8],
    ]) {
      for (let stratum = 0; stratum < strata; stratum++) {
        const firsts = Array.from({ length: scored }, (_, index) => (index + 0.5) / scored);
        const counts = firsts.map((uniform) => lladaCounts(scored, strata, uniform)[stratum]);
        const endsInHalf = (2 * stratum * scored) % strata === 0 && (stratum * scored) % strata !== 0;
        if (endsInHalf) expect(counts.filter((count) => count % 2 === 1)).toEqual([]);
        else expect(counts.sort((a, b) => a - b)).toEqual(firsts.map((_, index) => index + 1));
      }
    }
  });
});
