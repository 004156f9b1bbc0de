import type { Denoiser, Sampler } from "@textdiffusion/core";
import { hostDenoiser, hostDistributions, oracleDenoiser } from "@textdiffusion/testkit";
import { describe, it } from "vitest";
import { failsWith, fake, maskTokenId, page, rewriting, vocabularySize } from "./small-runs.js";

describe("a sampler that breaks its contract", () => {
  const deciding = (decide: Sampler["decide"], steps: Sampler["steps"] = 2): Sampler => ({
    ...rewriting(2),
    steps,
    decide,
  });

  it.each([
    ["commits a draw that is not there", () => ({ commit: [99], remask: [] })],
    ["re-masks a locked position", () => ({ commit: [], remask: [0] })],
    ["re-masks outside the page", () => ({ commit: [], remask: [6] })],
    ["re-masks what is no position", () => ({ commit: [], remask: [Number.NaN] })],
  ])("%s", async (_, decide) => {
    await failsWith("LOCK_VIOLATED", /samplers\/rewriting.*editable/, { sampler: deciding(decide) });
  });

  it("requests and commits a locked position", async () => {
    const sampler: Sampler = { ...rewriting(1), request: (row) => Int32Array.from(row.ids.keys()) };
    await failsWith("LOCK_VIOLATED", /position 0 in step 0/, { sampler });
  });

  it.each([
    ["beyond the row", [2, 6]],
    ["before the row", [-1, 2]],
    ["out of order", [3, 2]],
    ["twice", [2, 2]],
  ])("requests positions %s", async (_, positions) => {
    const sampler: Sampler = { ...rewriting(1), request: () => Int32Array.from(positions) };
    await failsWith("SAMPLER_INVALID", /ascending/, { canvas: page("01____", "01____"), sampler });
  });

  it("decides twice on a position", async () => {
    await failsWith("SAMPLER_INVALID", /two for position 2/, {
      sampler: deciding(() => ({ commit: [0], remask: [2] })),
    });
    await failsWith("SAMPLER_INVALID", /two for position 2/, {
      sampler: deciding(() => ({ commit: [0, 0], remask: [] })),
    });
  });

  it("leaves masks after its last step", async () => {
    await failsWith("SAMPLER_INVALID", /no mask left after the last of 2 steps, got 3/, {
      sampler: deciding(() => ({ commit: [0], remask: [] })),
    });
  });

  it("runs until done and does nothing", async () => {
    await failsWith("SAMPLER_INVALID", /at least one committed token/, {
      sampler: deciding(() => ({ commit: [], remask: [] }), "until-done"),
    });
  });

  it.each([0, -1, 2.5, Number.NaN, Number.POSITIVE_INFINITY])("has %d steps", async (steps) => {
    await failsWith("SAMPLER_INVALID", /steps/, { sampler: rewriting(steps) });
  });
});

describe("a denoiser that breaks its contract", () => {
  const drawing = (token: number): Denoiser => ({
    ...fake,
    denoise: async (input) => {
      const distributions = await fake.denoise(input);
      return {
        ...distributions,
        draw: async (...asked) => {
          const draws = await distributions.draw(...asked);
          draws.tokens.fill(token);
          return draws;
        },
      };
    },
  });

  it.each([maskTokenId, vocabularySize, -1])("draws id %i", async (token) => {
    await failsWith("TOKEN_OUT_OF_RANGE", new RegExp(`denoisers/fake.*got ${token} in step 0`), {
      denoiser: drawing(token),
    });
  });

  it("has NaN in its weights", async () => {
    const broken = hostDenoiser({
      name: "broken",
      vocabularySize,
      predict: () => () => new Float64Array(vocabularySize).fill(Number.NaN),
    });
    await failsWith("NOT_A_NUMBER", /denoisers\/broken.*step 0/, { denoiser: broken });
  });

  it.each(["logProbs", "entropy", "margin"] as const)("answers NaN as %s", async (name) => {
    const denoiser: Denoiser = {
      ...fake,
      denoise: async (input) => {
        const distributions = await fake.denoise(input);
        return {
          ...distributions,
          draw: async (...asked) => {
            const draws = await distributions.draw(...asked);
            draws[name][0] = Number.NaN;
            return draws;
          },
        };
      },
    };
    await failsWith("NOT_A_NUMBER", new RegExp(`"${name}"`), { denoiser });
  });

  it("answers with too few draws", async () => {
    const denoiser: Denoiser = {
      ...fake,
      denoise: async () => hostDistributions([]),
    };
    await failsWith("SHAPE_MISMATCH", /expected 1 tokens from draw, got 0/, { denoiser });
  });
});

describe("a page that is none", () => {
  it("holds a mask where nothing may be written", async () => {
    const canvas = page("01____");
    canvas.editable[3] = 0;
    await failsWith("PROMPT_INVALID", /row 0 at position 3/, { canvas });
  });

  it("is longer than the denoiser can see", async () => {
    const denoiser = oracleDenoiser({ vocabularySize, text: [1, 2, 3] });
    await failsWith("PROMPT_INVALID", /at most 3 tokens.*got 6/, { denoiser });
  });

  it("has arrays of other shapes", async () => {
    await failsWith("SHAPE_MISMATCH", /editable of shape \[1, 6\]/, {
      canvas: { ...page("01____"), editable: new Uint8Array(5) },
    });
    await failsWith("SHAPE_MISMATCH", /one row key for each of 1 rows, got 2/, {
      canvas: { ...page("01____"), rowKeys: [1, 2] },
    });
  });

  it.each([Number.NaN, 0.5])("has %d as a row key", async (key) => {
    await failsWith("PROMPT_INVALID", /row key/, { canvas: { ...page("01____"), rowKeys: [key] } });
  });

  it.each([vocabularySize, -1])("holds id %i, which the denoiser does not know", async (id) => {
    const canvas = page("01____");
    canvas.ids[1] = id;
    await failsWith("TOKEN_OUT_OF_RANGE", /position 1/, { canvas });
  });

  it.each([Number.NaN, 1.5])("is asked for with seed %d", async (seed) => {
    await failsWith("CONFIG_INVALID", /seed/, { seed });
  });
});
