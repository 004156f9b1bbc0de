import {
  byName,
  createPipeline,
  type NoiseSchedule,
  revealProbability,
  type SamplerRow,
} from "@textdiffusion/core";
import { capped, type RemaskingStrategy, remdmRemask, remdmReveal, rescaled } from "@textdiffusion/samplers";
import { schedulesPlugin } from "@textdiffusion/schedules";
import { describe, expect, it } from "vitest";
import { derivedVectors, goldenVectors } from "./golden-vectors.js";

interface Vector {
  readonly schedule: string;
  readonly strategy: "ancestral" | "cap" | "rescale";
  readonly eta?: number;
  readonly t: number;
  readonly s: number;
  readonly remask: number;
  readonly reveal: number;
  readonly stay: number;
  readonly maskedAfter: number;
}
const vectors = goldenVectors<Vector[]>("reverse-probabilities");

it("are what their script derives", () => {
  expect(derivedVectors("reverse-probabilities")).toEqual(vectors);
});

const schedules = new Map<string, NoiseSchedule>();
for (const name of new Set(vectors.map(({ schedule }) => schedule))) {
  const pipeline = await createPipeline({ plugins: [schedulesPlugin], schedule: byName(name) });
  schedules.set(name, await pipeline.get("schedule"));
}
const strategies: Record<Vector["strategy"], (eta: number) => RemaskingStrategy> = {
  ancestral: () => capped(0),
  cap: capped,
  rescale: rescaled,
};

describe("one step of one position", () => {
  it.each(vectors)("$schedule, $strategy $eta, $t to $s", (vector) => {
    const schedule = schedules.get(vector.schedule) as NoiseSchedule;
    const { strategy, eta = 0, t, s, remask, reveal, stay, maskedAfter } = vector;
    if (strategy === "ancestral") expect(revealProbability(schedule, t, s)).toBeCloseTo(reveal, 12);
    expect(thresholdOf((uniform) => reveals(uniform))).toBeCloseTo(reveal, 9);
    expect(thresholdOf((uniform) => goesBack(uniform))).toBeCloseTo(s === 0 ? 0 : remask, 9);
    expect(reveal + stay).toBeCloseTo(1, 14);
    expect(schedule.maskRate?.(s) ?? 1 - schedule.alpha(s)).toBeCloseTo(maskedAfter, 12);

    /** Does a masked position that drew this number get its token? */
    function reveals(uniform: number): boolean {
      return remdmReveal(strategies[strategy](eta)).request(rowThatDraws(uniform, [0])).length === 1;
    }
    /** Does a revealed position that drew this number lose it? */
    function goesBack(uniform: number): boolean {
      const decision = { commit: [], remask: [] };
      const row = rowThatDraws(uniform, []);
      return (
        [...remdmRemask(strategies[strategy](eta)).revise(row, [] as never, decision as never)].length === 1
      );
    }
    function rowThatDraws(uniform: number, masked: readonly number[]): SamplerRow {
      return {
        ids: new Int32Array(1),
        editable: Uint8Array.of(1),
        masked: Int32Array.from(masked),
        editablePositions: Int32Array.of(0),
        step: 0,
        steps: s === 0 ? 1 : 2,
        t,
        s,
        schedule,
        revealLogProbs: new Float64Array(1),
        random: { uniform: () => uniform },
      } as Partial<SamplerRow> as SamplerRow;
    }
  });
});

/** Where a question stops being answered with yes, by halving: its probability, when it asks a uniform number. */
function thresholdOf(question: (uniform: number) => boolean): number {
  if (question(1 - 2 ** -53)) return 1;
  let [yes, no] = [0, 1];
  for (let halving = 0; halving < 50; halving++) {
    const middle = (yes + no) / 2;
    if (question(middle)) yes = middle;
    else no = middle;
  }
  return (yes + no) / 2;
}
