import type { NoisedBatch } from "@textdiffusion/core";
import { chiSquare } from "@textdiffusion/testkit";
import { describe, expect, it } from "vitest";
import { byteLevelTokenizer } from "../tokenizers/byte-level-tokenizer.js";
import { validationBatches } from "./validation-batches.js";

const tokenizer = byteLevelTokenizer();
const rows = ["abcdefghij", "klmnopqrst", "uvwxyzABC<mask>"].map((text) => ({ ids: tokenizer.encode(text) }));
const masksOf = ({ batch, seq, noiseMask }: NoisedBatch) =>
  Array.from({ length: batch }, (_, row) => [...noiseMask.subarray(row * seq, (row + 1) * seq)]);
const countOf = (masks: readonly number[]) => masks.reduce((sum, noise) => sum + noise, 0);

describe("validation batches", () => {
  it("mask the exact share of the maskable tokens at 0.1, 0.2, ..., 1, and say it as their time", () => {
    const batches = validationBatches(rows, tokenizer);
    expect(batches).toHaveLength(10);
    batches.forEach((batch, index) => {
      const rate = (index + 1) / 10;
      expect([...batch.time]).toEqual([rate, rate, rate]);
      // 10, 10 and 9 maskable tokens: the mask token in the last text is none
      expect(masksOf(batch).map(countOf)).toEqual([10, 10, 9].map((n) => Math.max(1, Math.round(rate * n))));
      expect(batch.lossDenominator).toBe(countOf([...batch.noiseMask]));
      expect([...batch.lossWeight]).toEqual([...batch.noiseMask]);
      expect(batch.maskableCount).toBe(29);
    });
  });

  it("keep the masks of a lower rate at a higher one", () => {
    const batches = validationBatches(rows, tokenizer);
    for (let index = 1; index < batches.length; index++) {
      const [lower, higher] = [batches[index - 1].noiseMask, batches[index].noiseMask];
      expect(lower.every((noise, at) => noise <= higher[at])).toBe(true);
    }
  });

  it("are the same whatever the batch size, and others for another seed", () => {
    const masks = (batchSize: number, seed = 0) =>
      validationBatches(rows, tokenizer, { batchSize, seed, rates: [0.5] }).flatMap(masksOf);
    expect(masks(1)).toEqual(masks(16));
    expect(masks(2)).toEqual(masks(16));
    expect(masks(16, 1)).not.toEqual(masks(16));
    expect(
      validationBatches(rows, tokenizer, { batchSize: 2 })
        .map(({ batch }) => batch)
        .slice(0, 4),
    ).toEqual([2, 1, 2, 1]);
  });

  it("pick every set of masks as often (chi-square, p > 1e-6: a false alarm in a million)", () => {
    const counts = new Map<string, number>();
    for (let seed = 0; seed < 6_000; seed++) {
      const [batch] = validationBatches([{ ids: tokenizer.encode("abcd") }], tokenizer, {
        rates: [0.5],
        seed,
      });
      const set = batch.noiseMask.join("");
      counts.set(set, (counts.get(set) ?? 0) + 1);
    }
    expect(counts.size).toBe(6);
    expect(chiSquare([...counts.values()], new Array(6).fill(1 / 6)).pValue).toBeGreaterThan(1e-6);
  });

  it("follow the policies of the collators", () => {
    const [all] = validationBatches(
      [{ ...rows[0], promptLength: 2 }, { ids: tokenizer.encode("ab") }],
      tokenizer,
      {
        rates: [1],
        prefix: { kind: "fixed", length: 1 },
        padding: "trained-as-end",
        rowLength: 12,
      },
    );
    expect(masksOf(all).map(countOf)).toEqual([10, 11]);
  });

  it("mask nothing in a row that is all prompt", () => {
    const [batch] = validationBatches([{ ...rows[0], promptLength: 10 }], tokenizer, { rates: [1] });
    expect([countOf([...batch.noiseMask]), batch.lossDenominator]).toEqual([0, 0]);
  });

  it("refuse bad rows and options", () => {
    expect(() => validationBatches([], tokenizer)).toThrow(/DATA_INVALID/);
    for (const options of [
      { rates: [] },
      { rates: [0] },
      { rates: [1.5] },
      { batchSize: 0 },
      { seed: 0.5 },
    ]) {
      expect(() => validationBatches(rows, tokenizer, options)).toThrow(/CONFIG_INVALID/);
    }
    expect(() => validationBatches(rows, tokenizer, { rate: 1 } as object)).toThrow(/UNKNOWN_OPTION/);
  });
});
