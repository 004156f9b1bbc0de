import { randomSampler } from "textdiffusion";
import { describe, expect, it } from "vitest";
import { adjustSampler } from "./adjust-sampler.js";

const chosen = { name: "confidence", steps: 60, temperature: 0.7 } as const;

describe("adjustSampler", () => {
  it("leaves what was chosen when the command line says nothing", () => {
    expect(adjustSampler(chosen, undefined, {})).toBe(chosen);
    expect(adjustSampler("random", undefined, {})).toBe("random");
  });

  it("changes single options of what was chosen", () => {
    expect(adjustSampler(chosen, undefined, { steps: 8, topK: 3 })).toEqual({ ...chosen, steps: 8, topK: 3 });
    expect(adjustSampler(chosen, "confidence", { temperature: 0 })).toEqual({ ...chosen, temperature: 0 });
  });

  it("starts from another sampler's own defaults", () => {
    expect(adjustSampler(chosen, "random", {})).toEqual({ name: "random" });
    expect(adjustSampler(chosen, "random", { steps: 5 })).toEqual({ name: "random", steps: 5 });
  });

  it("leaves a sampler that the config made alone, and refuses to change it", () => {
    const made = randomSampler({ steps: 4 });
    expect(adjustSampler(made, undefined, {})).toBe(made);
    expect(() => adjustSampler(made, undefined, { steps: 8 })).toThrow(/change its steps.*CONFIG_INVALID/);
    expect(adjustSampler(made, "threshold", {})).toEqual({ name: "threshold" });
  });

  it("puts a sampler into blocks, and changes the one within", () => {
    expect(adjustSampler(chosen, undefined, { block: 32, steps: 8 })).toEqual({
      name: "blocks",
      size: 32,
      sampler: { ...chosen, steps: 8 },
    });
    const made = randomSampler({ steps: 4 });
    expect(adjustSampler(made, undefined, { block: 8 })).toEqual({ name: "blocks", size: 8, sampler: made });
    const blocks = { name: "blocks", size: 16, stop: false, sampler: "random" } as const;
    expect(adjustSampler(blocks, undefined, { block: 4 })).toEqual({ ...blocks, size: 4 });
    expect(adjustSampler(blocks, undefined, { steps: 2 })).toEqual({
      ...blocks,
      sampler: { name: "random", steps: 2 },
    });
    expect(adjustSampler(chosen, "blocks", { steps: 2 })).toEqual({
      name: "blocks",
      sampler: { name: "confidence", steps: 2 },
    });
  });
});
