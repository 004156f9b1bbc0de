import { createRequire } from "node:module";
import { expect, it } from "vitest";
import { repairNodeUtil } from "./node-util.js";

it("gives back what Node 23 removed, and leaves what is there", () => {
  const util = createRequire(import.meta.url)("node:util");
  const before = { isNullOrUndefined: util.isNullOrUndefined, isArray: util.isArray };
  delete util.isNullOrUndefined;
  delete util.isArray;
  try {
    repairNodeUtil();
    expect([undefined, null, 0, "", false].map(util.isNullOrUndefined)).toEqual([
      true,
      true,
      false,
      false,
      false,
    ]);
    expect([[], [1], new Float32Array(1), { length: 0 }].map(util.isArray)).toEqual([
      true,
      true,
      false,
      false,
    ]);
    const { isArray } = util;
    repairNodeUtil();
    expect(util.isArray).toBe(isArray);
  } finally {
    Object.assign(util, before);
  }
});
