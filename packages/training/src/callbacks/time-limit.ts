import { defineCallback } from "@textdiffusion/core";
import { z } from "zod";

const options = z.strictObject({
  minutes: z.number().positive().default(60).describe("how long; a resumed run has them anew"),
});

export type TimeLimitOptions = z.input<typeof options>;

/** Stops the run, with a checkpoint to go on from, after the first step that ends later. */
export const timeLimit = defineCallback({
  name: "time-limit",
  description: "stops the run after so many minutes, with a checkpoint",
  source: "Own",
  options,
  create: ({ minutes }) => ({
    name: "time-limit",
    onEvent: (event) => {
      if (event.kind !== "step" || event.step === event.steps || event.elapsedMs < minutes * 60_000) return;
      return { stop: true, say: `${minutes} minutes are over` };
    },
  }),
});
