import { decodeOptionsSync, defineSampler, type Sampler } from "@textdiffusion/core";
import { z } from "zod";
import { inBlocks } from "../blocks.js";
import { confidenceSampler } from "./confidence.js";

const options = z.strictObject({
  size: z.int().min(1).default(32).describe("Tokens of a block; the last one may be shorter."),
  // In code a sampler, in configs the choice of one, which is composed before it comes here.
  sampler: (z.unknown() as z.ZodType<Sampler>)
    .optional()
    .describe("The sampler that writes each block, with all its steps; default confidence."),
  stop: z
    .boolean()
    .default(true)
    .describe("Stop a row when its text has ended; needs an end token that may be drawn."),
});

/** Options of `blocks`: `size` (default 32), `sampler` (`confidence`), `stop` (true). */
export type BlocksOptions = z.input<typeof options>;

/**
 * Semi-autoregressive writing: block after block from left to right, each by another sampler with all its steps.
 *
 * As in Nie et al. 2025 (LLaDA, arXiv:2502.09992), with blocks that need not divide the text. Small blocks cure samplers
 * that settle ends first; a block of the whole text is the sampler within. Steps are those of the sampler times the
 * number of blocks. Where the request allows the end token, a row stops after the block in which its text ends, and what
 * is left is filled without a forward.
 *
 * @throws DiffusionError `UNKNOWN_OPTION`, `CONFIG_INVALID`
 */
export function blocksSampler(given: BlocksOptions = {}): Sampler {
  const parts = decodeOptionsSync(options, given, "sampler", 'sampler "blocks"');
  return inBlocks({ ...parts, sampler: parts.sampler ?? confidenceSampler() });
}

/** `blocks` for configs. */
export const blocks = defineSampler({
  name: "blocks",
  description: "Writes block after block from left to right, each with another sampler.",
  source: "LLaDA, Nie et al. 2025, arXiv:2502.09992",
  exact: "As the sampler within: a fixed order of blocks changes no exact rule.",
  options,
  choices: { sampler: "sampler" },
  create: blocksSampler,
});
