import { Random } from "@textdiffusion/core";
import { describe, expect, it } from "vitest";
import { createTinyRows, noise } from "../fixtures/tiny-data.js";
import { lossPositions } from "./loss-positions.js";

const batch = noise(createTinyRows({ seq: 9 }).rowsAt(0, 4), () => 0.5, Random.fromSeed(1)); // 36 positions

/** The first `count` positions selected. */
const first = (count: number) => Uint8Array.from({ length: 36 }, (_, index) => (index < count ? 1 : 0));

describe("lossPositions", () => {
  it("gives the selected positions in order with their clean tokens, then repeats the last one", () => {
    const selected = new Float32Array(36);
    for (const index of [30, 2, 17]) selected[index] = 0.5;
    const { positions, labels, count } = lossPositions(batch, selected, 7);
    expect(count).toBe(3);
    expect([...positions]).toEqual([2, 17, 30, 30, 30]); // 36 / 8, rounded up, is 5
    expect([...labels]).toEqual([...positions].map((index) => batch.cleanIds[index]));
  });

  it("has at most eight lengths, each with room for all and padding for less than an eighth of the batch", () => {
    const lengths = new Set<number>();
    for (let count = 1; count <= 36; count++) {
      const { positions } = lossPositions(batch, first(count), 7);
      expect(positions.length).toBeGreaterThanOrEqual(count);
      expect(positions.length).toBeLessThan(count + 36 / 8 + 1);
      expect(positions.length).toBeLessThanOrEqual(36);
      lengths.add(positions.length);
    }
    expect(lengths.size).toBeLessThanOrEqual(8);
  });

  it("is empty where nothing is selected", () => {
    const { positions, labels, count } = lossPositions(batch, first(0), 7);
    expect([positions.length, labels.length, count]).toEqual([0, 0, 0]);
  });
});
