import { Random } from "@textdiffusion/core";
import { describe, expect, it } from "vitest";
import { createRowOrder } from "./row-order.js";
import { shiftedRows } from "./shifted-rows.js";

const ids = Int32Array.from({ length: 43 }, (_, index) => index);
const order = () => {
  const random = Random.fromSeed(8);
  return createRowOrder(shiftedRows(ids, 5, random.split("cuts")), random.split("rows"));
};
const firsts = (position: number, count: number) =>
  order()
    .rowsAt(position, count)
    .map((row) => row.ids[0]);

describe("rows that shift", () => {
  it("cut each epoch from one of the first tokens on, into whole rows that do not overlap", () => {
    const starts = new Set<number>();
    for (let epoch = 0; epoch < 40; epoch++) {
      const rows = order().rowsAt(epoch * 7, 7);
      const sorted = rows.map((row) => [...row.ids]).sort(([a], [b]) => a - b);
      const [[start]] = sorted;
      starts.add(start);
      expect(sorted.flat()).toEqual(Array.from({ length: 35 }, (_, index) => start + index));
    }
    // 40 draws miss one of five in less than one of 1500 seeds.
    expect([...starts].sort()).toEqual([0, 1, 2, 3, 4]);
  });

  it("are a function of the position: a resumed run sees the rows that it would have seen", () => {
    const whole = firsts(0, 30);
    const again = order();
    for (const position of [29, 3, 17, 4]) expect(again.rowsAt(position, 1)[0].ids[0]).toBe(whole[position]);
  });

  it("refuse a text that some shift would leave without a row", () => {
    expect(shiftedRows(ids.subarray(0, 9), 5, Random.fromSeed(1)).rowCount).toBe(1);
    expect(() => shiftedRows(ids.subarray(0, 8), 5, Random.fromSeed(1), "the play")).toThrow(
      /at least 9 tokens in the play for rows that shift, got 8.*DATA_INVALID/,
    );
  });
});
