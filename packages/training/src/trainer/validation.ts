import type { Learner, LearnerScores, NoisedBatch, ValidationScores } from "@textdiffusion/core";
import { summarizeScores } from "@textdiffusion/evaluation";

/**
 * Scores batches whose masks were drawn beforehand, so that two validations of one run differ by their weights alone.
 *
 * @param batches - see `summarizeScores`
 * @throws DiffusionError `DATA_INVALID` when nothing is masked
 */
export async function evaluate(learner: Learner, batches: readonly NoisedBatch[]): Promise<ValidationScores> {
  const scores: LearnerScores[] = [];
  for (const batch of batches) scores.push(await learner.score(batch));
  return summarizeScores(batches, scores);
}
