import type { ReviseRule } from "../compose-sampler.js";

/** What is revealed stays. */
export const nothing: ReviseRule = {
  name: "nothing",
  revises: false,
  revise: () => [],
};
