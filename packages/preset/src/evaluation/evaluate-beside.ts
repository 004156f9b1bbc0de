import {
  type LikelihoodDifference,
  likelihoodDifference,
  rowsOfText,
  type ValidationScores,
} from "@textdiffusion/evaluation";
import type { TextDiffusion } from "../load-text-diffusion.js";
import { type EvaluationProvenance, evaluationProvenance } from "./evaluation-provenance.js";
import {
  type ReportedLikelihood,
  reportedLikelihood,
  type ScoredText,
  type ScoreTextOptions,
  scoreText,
} from "./score-text.js";

/** Another model on the same text: what fine-tuning gave, or which of two is better. */
export interface EvaluationBeside {
  readonly likelihood: ReportedLikelihood;
  readonly lossCurve: ValidationScores;
  /** The bound of the model less that of the one beside it: below 0 where the model is better. */
  readonly difference: LikelihoodDifference;
  readonly provenance: EvaluationProvenance;
}

/**
 * Scores another model on the rows and masks that the first was scored on, where both see the same tokens; a model with another
 * tokenizer gets rows of its own, as long as the first one's where it reads so far.
 *
 * @param scored - what the first model made of the text, with the same options
 * @throws DiffusionError as `scoreText`
 */
export async function evaluateBeside(
  beside: TextDiffusion,
  text: string,
  scored: ScoredText,
  options: ScoreTextOptions,
): Promise<EvaluationBeside> {
  const { rowLength: wanted, frame: framed, rows, seed } = options;
  const { maxLength } = await beside.get("denoiser");
  const tokenizer = await beside.get("tokenizer");
  const seen = rowsOfText(tokenizer, text, { rowLength: wanted, frame: framed });
  const paired = wanted <= maxLength && areSameRows(seen.rows, scored.rows);
  const rowLength = Math.min(wanted, maxLength);
  const frame = paired ? framed : beside.settings.frame;
  const other = await scoreText(beside, text, { ...options, rowLength, frame });
  return {
    likelihood: reportedLikelihood(other),
    lossCurve: other.lossCurve,
    difference: likelihoodDifference(scored.likelihood, other.likelihood, { paired }),
    provenance: await evaluationProvenance(beside, {
      seed,
      request: { rows, batchSize: other.batchSize, rowLength, frame },
      texts: { heldOut: text },
    }),
  };
}

// --- internal ---

function areSameRows(some: ScoredText["rows"], others: ScoredText["rows"]): boolean {
  return (
    some.length === others.length &&
    some.every(({ ids }, row) => {
      const other = others[row].ids;
      return ids.length === other.length && ids.every((id, at) => id === other[at]);
    })
  );
}
