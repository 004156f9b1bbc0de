import { bestFirst } from "../best-first.js";
import type { CommitRule } from "../compose-sampler.js";
import { revealQuota } from "../quota.js";

/**
 * The quota's most confident positions: those whose drawn token has the highest log-probability. Equals from the left.
 *
 * Every masked position must be predicted to be compared, in each step whose quota is not 0. The confidence is that of
 * the token rule's `scoreTemperature`, by default the model's own, un-tempered, as in Nie et al. 2025 (LLaDA,
 * arXiv:2502.09992, low-confidence remasking; there the un-chosen positions are "remasked", here they were never
 * revealed).
 */
export const confidenceQuota: CommitRule = {
  name: "confidence-quota",
  revises: false,
  request: (row) => (revealQuota(row) === 0 ? none : row.masked),
  commit: (row, draws) => bestFirst(draws.logProbs).slice(0, revealQuota(row)),
};

const none = new Int32Array(0);
