import { byName, type Denoiser } from "textdiffusion";
import { describe, expect, it } from "vitest";
import { adjustDenoiser } from "./adjust-denoiser.js";

const made: Denoiser = {
  name: "made",
  vocabularySize: 2,
  maxLength: 1,
  timeConditioned: false,
  denoise: () => Promise.reject(new Error("not asked")),
  dispose: () => undefined,
};

describe("adjustDenoiser", () => {
  it.each([
    [undefined, {}, undefined],
    [undefined, { guidance: 1.5 }, { name: "guided", scale: 1.5 }],
    [undefined, { cache: "dual" }, { name: "huggingface", cache: "dual" }],
    [
      undefined,
      { guidance: 1, cache: "dual" },
      { name: "guided", scale: 1, denoiser: { name: "huggingface", cache: "dual" } },
    ],
    ["reusing", { guidance: 2 }, { name: "guided", scale: 2, denoiser: "reusing" }],
    ["reusing", { cache: "prefix" }, { name: "reusing", denoiser: { name: "huggingface", cache: "prefix" } }],
    [
      byName({ name: "guided", scale: 1, keepTokens: [7] }),
      { guidance: 0 },
      { name: "guided", scale: 0, keepTokens: [7] },
    ],
    [made, { guidance: 1 }, { name: "guided", scale: 1, denoiser: made }],
    [made, {}, made],
  ] as const)("of %j and %j makes %j", (chosen, flags, expected) => {
    expect(adjustDenoiser(chosen, flags)).toEqual(expected);
  });

  it("gives no cache to a denoiser that the config made", () => {
    expect(() => adjustDenoiser({ name: "guided", denoiser: made }, { cache: "dual" })).toThrow(
      /CONFIG_INVALID/,
    );
  });

  it("gives no cache to an ONNX file", () => {
    for (const choice of ["onnx", { name: "guided", denoiser: "onnx" }] as const) {
      expect(() => adjustDenoiser(choice, { cache: "dual" })).toThrow(
        /got one by its ONNX file.*CONFIG_INVALID/,
      );
    }
  });
});
