import { API_VERSION, type ComponentChoice, definePlugin } from "@textdiffusion/core";
import { type AncestralOptions, ancestral } from "./presets/ancestral.js";
import { type BlocksOptions, blocks } from "./presets/blocks.js";
import { type ConfidenceOptions, confidence } from "./presets/confidence.js";
import { type EditingOptions, editing } from "./presets/editing.js";
import { type EntropyOptions, entropy } from "./presets/entropy.js";
import { type EntropyBoundOptions, entropyBound } from "./presets/entropy-bound.js";
import { type FactorOptions, factor } from "./presets/factor.js";
import { type FirstHittingOptions, firstHitting } from "./presets/first-hitting.js";
import { type LeftToRightOrderOptions, leftToRightOrder } from "./presets/left-to-right.js";
import { type MarginOptions, margin } from "./presets/margin.js";
import { type MaskgitOptions, maskgit } from "./presets/maskgit.js";
import { type PathPlanningOptions, pathPlanning } from "./presets/path-planning.js";
import { type RandomOptions, random } from "./presets/random.js";
import { type RemaskingOptions, remasking } from "./presets/remasking.js";
import { type RemdmOptions, remdm } from "./presets/remdm.js";
import { type SurestShareOptions, surestShare } from "./presets/surest-share.js";
import { type ThresholdOptions, threshold } from "./presets/threshold.js";

declare module "@textdiffusion/core" {
  interface KnownSamplers {
    ancestral: AncestralOptions;
    blocks: Omit<BlocksOptions, "sampler"> & { readonly sampler?: ComponentChoice<"sampler"> };
    confidence: ConfidenceOptions;
    editing: EditingOptions;
    entropy: EntropyOptions;
    "entropy-bound": EntropyBoundOptions;
    factor: FactorOptions;
    "first-hitting": FirstHittingOptions;
    "left-to-right": LeftToRightOrderOptions;
    margin: MarginOptions;
    maskgit: MaskgitOptions;
    "path-planning": PathPlanningOptions;
    random: RandomOptions;
    remasking: RemaskingOptions;
    remdm: RemdmOptions;
    "surest-share": SurestShareOptions;
    threshold: ThresholdOptions;
  }
}

/** Every sampler of this package, for `plugins`. */
export const samplersPlugin = definePlugin({
  name: "@textdiffusion/samplers",
  apiVersion: API_VERSION,
  samplers: [
    ancestral,
    blocks,
    confidence,
    editing,
    entropy,
    entropyBound,
    factor,
    firstHitting,
    leftToRightOrder,
    margin,
    maskgit,
    pathPlanning,
    random,
    remasking,
    remdm,
    surestShare,
    threshold,
  ],
});
