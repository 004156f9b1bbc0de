import { type LossReduction, lossReductions, weighLoss } from "@textdiffusion/data";
import { describe, expect, it } from "vitest";
import { derivedVectors, goldenVectors } from "./golden-vectors.js";

interface Vector {
  readonly name: string;
  readonly seq: number;
  readonly rows: readonly {
    /** `x` masked, `o` maskable and left, `.` never masked. */
    readonly cells: string;
    readonly rate: number;
    readonly importance: number;
    readonly chanceOfAny: number;
    readonly crossEntropy: readonly number[];
  }[];
  readonly losses: readonly (LossReduction & { readonly name?: string; readonly nats: number })[];
}
const vectors = goldenVectors<Vector[]>("losses");

it("are what their script derives, and of every named reduction", () => {
  expect(derivedVectors("losses")).toEqual(vectors);
  for (const { losses } of vectors) {
    const named = losses
      .filter(({ name }) => name !== undefined)
      .map(({ name, weight, per }) => [name, { weight, per }]);
    expect(Object.fromEntries(named)).toEqual(lossReductions);
  }
});

describe.each(vectors)("$name", ({ seq, rows, losses }) => {
  const cells = rows.flatMap((row) => [...row.cells]);
  const along = (value: "rate" | "importance") =>
    Float64Array.from(cells, (_, at) => rows[Math.floor(at / seq)][value]);
  const crossEntropy = rows.flatMap((row) => row.crossEntropy);

  it.each(losses)("$weight by $per", ({ weight, per, nats }) => {
    const { lossWeight, lossDenominator } = weighLoss(
      { weight, per },
      {
        batch: rows.length,
        seq,
        maskable: Uint8Array.from(cells, (cell) => Number(cell !== ".")),
        noiseMask: Uint8Array.from(cells, (cell) => Number(cell === "x")),
        rate: along("rate"),
        importance: along("importance"),
        chanceOfAny: Float64Array.from(rows, (row) => row.chanceOfAny),
      },
    );
    const loss = lossWeight.reduce((sum, one, at) => sum + one * crossEntropy[at], 0) / lossDenominator;
    expect(loss / nats).toBeCloseTo(1, 6); // weights are floats
  });
});
