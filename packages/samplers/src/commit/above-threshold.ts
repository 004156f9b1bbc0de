import { bestFirst } from "../best-first.js";
import type { CommitRule } from "../compose-sampler.js";

/**
 * Every masked position whose drawn token has probability `threshold` or more, and always the most confident one, so
 * that each step reveals something. As many tokens at once as the model is sure of:
 *
 * ```
 * commit = { i : p_i(token_i) >= threshold }  or, when that is empty,  the largest p_i (the leftmost of equals)
 * ```
 *
 * Threshold decoding of Wu et al. 2025 (Fast-dLLM, arXiv:2505.22618). 0 reveals everything in one step; above 1 one
 * token a step, the most confident first.
 *
 * @param threshold - a probability; compared with that of the token rule's `scoreTemperature`
 */
export function aboveThreshold(threshold: number): CommitRule {
  const logThreshold = Math.log(threshold);
  return {
    name: "above-threshold",
    revises: false,
    request: (row) => row.masked,
    commit: (_, draws) => {
      const best = bestFirst(draws.logProbs);
      const sure = best.filter((index) => draws.logProbs[index] >= logThreshold);
      return sure.length > 0 ? sure : best.slice(0, 1);
    },
  };
}
