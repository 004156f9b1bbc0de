import { decodeOptionsSync, type Sampler } from "@textdiffusion/core";
import { bestFirst, type CommitRule, composeSampler, nothing, revealQuota } from "@textdiffusion/samplers";
import { z } from "zod";

export const myComponentOptions = z.strictObject({
  steps: z.int().min(1).default(32).describe("Reverse steps on a uniform grid of times from 1 to 0."),
  temperature: z
    .number()
    .min(0)
    .default(0)
    .describe("Of the distribution that tokens are drawn from; 0 takes the most probable token."),
  distance: z
    .int()
    .min(1)
    .default(2)
    .describe(
      "Positions of one step lie at least this far apart, as long as there are any; 1 is no constraint.",
    ),
});

/** Options of `my-component`: `steps` (default 32), `temperature` (0), `distance` (2). */
export type MyComponentOptions = z.input<typeof myComponentOptions>;

/**
 * The surest tokens first, a fixed number in each step, and those of one step apart from each other.
 *
 * All tokens of a step are drawn independently of each other, given the canvas. Neighbours depend on each other most, so
 * drawn together they fit worst; apart, each is drawn when the other is known, or far away.
 *
 * @throws DiffusionError `UNKNOWN_OPTION`, `CONFIG_INVALID`
 */
export function myComponentSampler(given: MyComponentOptions = {}): Sampler {
  const { steps, temperature, distance } = decodeOptionsSync(
    myComponentOptions,
    given,
    "sampler",
    'sampler "my-component"',
  );
  return composeSampler({
    name: "my-component",
    token: { temperature },
    commit: surestApart(distance),
    revise: nothing,
    steps,
  });
}

/**
 * The schedule's quota of positions: the surest, then the surest that lies at least `distance` from all chosen, and so
 * on. When none is left that does, the surest of the others fill the quota. Equals from the left.
 */
export function surestApart(distance: number): CommitRule {
  return {
    name: "surest-apart",
    revises: false,
    // A step of quota 0 asks for nothing, and costs no forward of the model.
    request: (row) => (revealQuota(row) === 0 ? new Int32Array(0) : row.masked),
    commit: (row, { positions, logProbs }) => {
      const quota = revealQuota(row);
      const apart: number[] = [];
      const others: number[] = [];
      for (const index of bestFirst(logProbs)) {
        const isFar = apart.every((chosen) => Math.abs(positions[chosen] - positions[index]) >= distance);
        (isFar && apart.length < quota ? apart : others).push(index);
      }
      return [...apart, ...others].slice(0, quota);
    },
  };
}
