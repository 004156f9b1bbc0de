import { Random } from "@textdiffusion/core";
import { describe, expect, it } from "vitest";
import { packRows } from "./pack-rows.js";
import { createRowOrder } from "./row-order.js";

const rows = packRows(
  Int32Array.from({ length: 7 }, (_, index) => index),
  1,
);
const order = () => createRowOrder(rows, Random.fromSeed(5));
const numbers = (position: number, count: number) =>
  order()
    .rowsAt(position, count)
    .map(({ ids }) => ids[0]);

describe("row order", () => {
  it("takes every row once an epoch, in another order each time", () => {
    const epochs = [0, 1, 2].map((epoch) => numbers(epoch * 7, 7));
    for (const epoch of epochs) expect([...epoch].sort()).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect(new Set(epochs.map(String)).size).toBe(3);
    expect(numbers(0, 7)).toEqual([...Random.fromSeed(5).split("epoch", 0).permutation(7)]);
  });

  it("is a function of the position alone: resumed anywhere, in any batch size, it goes on as it would have", () => {
    const whole = numbers(0, 40);
    for (const size of [1, 3, 7, 16]) {
      const one = order();
      const pieces: number[] = [];
      for (let position = 0; position < 40; position += size) {
        pieces.push(...one.rowsAt(position, size).map(({ ids }) => ids[0]));
      }
      expect(pieces.slice(0, 40)).toEqual(whole);
    }
    expect(numbers(13, 10)).toEqual(whole.slice(13, 23));
  });

  it("knows its epoch", () => {
    expect([0, 6, 7, 20, 21].map((position) => order().epochAt(position))).toEqual([0, 0, 1, 2, 3]);
    expect(order().rowCount).toBe(7);
  });

  it("refuses what is no position, count or data", () => {
    for (const [position, count] of [
      [-1, 1],
      [0.5, 1],
      [Number.NaN, 1],
      [0, 0],
      [0, -2],
    ]) {
      expect(() => order().rowsAt(position, count)).toThrow(/CONFIG_INVALID/);
    }
    expect(() => createRowOrder([], Random.fromSeed(0))).toThrow(
      /expected at least one row, got none.*DATA_INVALID/,
    );
  });
});
