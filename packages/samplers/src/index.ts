export { bestFirst } from "./best-first.js";
export { type BlockParts, inBlocks } from "./blocks.js";
export { aboveFactor } from "./commit/above-factor.js";
export { aboveThreshold } from "./commit/above-threshold.js";
export { amongSurest, remaskUnsure } from "./commit/among-surest.js";
export { ancestralReveal } from "./commit/ancestral-reveal.js";
export { confidenceQuota } from "./commit/confidence-quota.js";
export { everything } from "./commit/everything.js";
export { leftmost } from "./commit/leftmost.js";
export { byLot, randomQuota } from "./commit/random-quota.js";
export { type RankedQuotaParts, rankedQuota } from "./commit/ranked-quota.js";
export { thresholdEditing } from "./commit/threshold-editing.js";
export { withinEntropyBound } from "./commit/within-entropy-bound.js";
export { type CommitRule, composeSampler, type ReviseRule, type SamplerParts } from "./compose-sampler.js";
export { gumbel } from "./gumbel.js";
export { isLastStep } from "./last-step.js";
export { type AncestralOptions, ancestral, ancestralSampler } from "./presets/ancestral.js";
export { type BlocksOptions, blocks, blocksSampler } from "./presets/blocks.js";
export { type ConfidenceOptions, confidence, confidenceSampler } from "./presets/confidence.js";
export { type EditingOptions, editing, editingSampler } from "./presets/editing.js";
export { type EntropyOptions, entropy, entropySampler } from "./presets/entropy.js";
export { type EntropyBoundOptions, entropyBound, entropyBoundSampler } from "./presets/entropy-bound.js";
export { type FactorOptions, factor, factorSampler } from "./presets/factor.js";
export { type FirstHittingOptions, firstHitting, firstHittingSampler } from "./presets/first-hitting.js";
export {
  type LeftToRightOrderOptions,
  leftToRightOrder,
  leftToRightSampler,
} from "./presets/left-to-right.js";
export { type MarginOptions, margin, marginSampler } from "./presets/margin.js";
export { type MaskgitOptions, maskgit, maskgitSampler } from "./presets/maskgit.js";
export { type PathPlanningOptions, pathPlanning, pathPlanningSampler } from "./presets/path-planning.js";
export { type RandomOptions, random, randomSampler } from "./presets/random.js";
export { type RemaskingOptions, remasking, remaskingSampler } from "./presets/remasking.js";
export { type RemdmOptions, remdm, remdmSampler } from "./presets/remdm.js";
export { type SurestShareOptions, surestShare, surestShareSampler } from "./presets/surest-share.js";
export { type ThresholdOptions, threshold, thresholdSampler } from "./presets/threshold.js";
export { revealQuota, roundHalfEven } from "./quota.js";
export { dreamQuota, lladaQuota, maskgitQuota, type Quota, type QuotaName, quotas } from "./quotas.js";
export { nothing } from "./revise/nothing.js";
export { randomRemask } from "./revise/random-remask.js";
export {
  byConfidence,
  capped,
  largestSigma,
  looped,
  type RemaskingStep,
  type RemaskingStrategy,
  remdmRemask,
  remdmReveal,
  rescaled,
} from "./revise/remdm.js";
export { samplersPlugin } from "./samplers-plugin.js";
export { confidenceScore, entropyScore, marginScore, type Score } from "./scores.js";
