import type { RowDraws, Sampler, SamplerRow, SamplerSteps, TokenRule } from "@textdiffusion/core";

/**
 * Which positions take the token that was drawn for them. A rule holds no state: what it needs to know stands in the
 * row, and its random numbers come from `row.random` under a purpose of its own.
 */
export interface CommitRule {
  readonly name: string;
  /** True when it may write over tokens that are already revealed. */
  readonly revises: boolean;
  /**
   * Positions to predict in this step, ascending. A rule that chooses without looking at predictions asks only for
   * what it will reveal; none at all, and the step costs no forward.
   */
  request(row: SamplerRow): Int32Array;
  /** Indices into the draws (not positions) whose token is written. */
  commit(row: SamplerRow, draws: RowDraws): readonly number[];
}

/** Which positions go back to `[MASK]`. */
export interface ReviseRule {
  readonly name: string;
  /** False only for the rule that never sends anything back. */
  readonly revises: boolean;
  /**
   * Editable positions to mask again. One that the commit rule has just chosen stays masked: revising has the last word.
   *
   * @param committed - what the commit rule returned: indices into the draws
   */
  revise(row: SamplerRow, draws: RowDraws, committed: readonly number[]): readonly number[];
}

export interface SamplerParts {
  /** Kebab-case; errors and events name it. */
  readonly name: string;
  /** How a token is drawn at a position. */
  readonly token: TokenRule;
  readonly commit: CommitRule;
  readonly revise: ReviseRule;
  /** See `Sampler.steps`. */
  readonly steps: SamplerSteps;
}

/**
 * A sampler is token rule x commit rule x revise rule. The published ones are presets of the three:
 *
 * ```ts
 * const sampler = composeSampler({
 *   name: "careful",
 *   token: { temperature: 0.7 },
 *   commit: confidenceQuota,
 *   revise: nothing,
 *   steps: 32,
 * });
 * ```
 */
export function composeSampler({ name, token, commit, revise, steps }: SamplerParts): Sampler {
  return {
    name,
    tokenRule: token,
    steps,
    revises: commit.revises || revise.revises,
    request: (row) => commit.request(row),
    decide: (row, draws) => {
      const committed = commit.commit(row, draws);
      const remask = revise.revise(row, draws, committed);
      if (remask.length === 0) return { commit: committed, remask };
      const sentBack = new Set(remask);
      return { commit: committed.filter((index) => !sentBack.has(draws.positions[index])), remask };
    },
  };
}
