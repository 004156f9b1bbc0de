export type { MaskRateScore, ValidationScores } from "@textdiffusion/core";
export { defaultBatchSize } from "./batch-size.js";
export {
  type DenoiserDivergence,
  type DivergenceOptions,
  denoiserDivergence,
  type StepDivergence,
} from "./divergence/denoiser-divergence.js";
export { type GapSearch, type GapSearchOptions, type GapTrial, searchGaps } from "./gaps/search-gaps.js";
export { type LaboratoryEntry, type LaboratoryOptions, laboratory } from "./laboratory/laboratory.js";
export { laboratoryTable } from "./laboratory/laboratory-table.js";
export type {
  LaboratoryEvent,
  LaboratoryRecord,
  LaboratoryReport,
  LaboratorySettings,
} from "./laboratory/records.js";
export {
  type LikelihoodBound,
  type LikelihoodOptions,
  likelihoodBound,
} from "./likelihood/likelihood-bound.js";
export { type LikelihoodDifference, likelihoodDifference } from "./likelihood/likelihood-difference.js";
export { lladaCounts, stratifiedCounts } from "./likelihood/mask-counts.js";
export {
  likelihoodScorer,
  type TextLikelihood,
  type TextLikelihoodOptions,
  textLikelihood,
} from "./likelihood/text-likelihood.js";
export { rowsOfText, spreadRows, type TextRows } from "./likelihood/text-rows.js";
export { scoreBatches } from "./loss-curve/score-batches.js";
export { summarizeScores } from "./loss-curve/summarize-scores.js";
export { type EvaluationPlotOptions, evaluationPlot, type PlottedModel } from "./plot/evaluation-plot.js";
export { laboratoryPlot } from "./plot/laboratory-plot.js";
export { bleu, selfBleu } from "./samples/bleu.js";
export { distinct, repetition } from "./samples/distinct.js";
export {
  type GenerativeScore,
  measureSamples,
  type Sample,
  type SampleMetrics,
} from "./samples/measure-samples.js";
export { unigramEntropy } from "./samples/unigram-entropy.js";
export { type Baseline, byteBaselines } from "./scorers/baselines.js";
export { byteNGramScorer } from "./scorers/byte-n-gram-scorer.js";
export { type KneserNeyOptions, type NGramModel, trainKneserNey } from "./scorers/kneser-ney.js";
export type { Scorer, TextScore } from "./scorers/scorer.js";
export { decimals, textTable } from "./text-table.js";
export { bitsPerByte, utf8Length } from "./units.js";
