import { DiffusionError } from "@textdiffusion/core";
import { describe, expect, it } from "vitest";
import { assertSameRun, canonicalJson, runConfigFrom } from "./run-config.js";

const config = runConfigFrom({
  training: { steps: 10, learningRate: 0.1, clipNorm: undefined },
  collator: { name: "mdlm", times: { from: 0.1, grid: [1, { b: 2, a: 1 }] } },
});

describe("assertSameRun", () => {
  it("passes the same config in another order of keys", () => {
    const shuffled = runConfigFrom({
      collator: { times: { grid: [1, { a: 1, b: 2 }], from: 0.1 }, name: "mdlm" },
      training: { learningRate: 0.1, steps: 10 },
    });
    expect(canonicalJson(shuffled)).toBe(canonicalJson(config));
    expect(() => assertSameRun(config, shuffled)).not.toThrow();
  });

  it("names every option that differs, was added or is gone, with both values", () => {
    const other = runConfigFrom({
      training: { steps: 10, learningRate: 0.2, seed: 4 },
      collator: { name: "mdlm", times: { grid: [1, { a: 1, b: 3 }] } },
    });
    try {
      assertSameRun(config, other);
      expect.fail("no error");
    } catch (error) {
      if (!DiffusionError.is(error, "CHECKPOINT_INVALID")) throw error;
      expect(error.message).toContain("training.learningRate was 0.1 and is 0.2");
      expect(error.message).toContain("training.seed was not set and is 4");
      expect(error.message).toContain("collator.times.from was 0.1 and is not set");
      expect(error.details.different).toHaveLength(4);
    }
  });
});

describe("runConfigFrom", () => {
  it.each([
    ["a function", () => 1],
    ["a number that JSON lacks", Number.NaN],
    ["a typed array", new Float32Array(2)],
  ])("refuses %s", (_, value) => {
    expect(() => runConfigFrom({ data: { value } })).toThrow(
      expect.objectContaining({ code: "CONFIG_INVALID", message: expect.stringContaining("data.value") }),
    );
  });
});
