import { API_VERSION, definePlugin } from "@textdiffusion/core";
import { ancestral } from "./presets/ancestral.js";
import { blocks } from "./presets/blocks.js";
import { confidence } from "./presets/confidence.js";
import { editing } from "./presets/editing.js";
import { entropy } from "./presets/entropy.js";
import { entropyBound } from "./presets/entropy-bound.js";
import { factor } from "./presets/factor.js";
import { firstHitting } from "./presets/first-hitting.js";
import { leftToRightOrder } from "./presets/left-to-right.js";
import { margin } from "./presets/margin.js";
import { maskgit } from "./presets/maskgit.js";
import { pathPlanning } from "./presets/path-planning.js";
import { random } from "./presets/random.js";
import { remasking } from "./presets/remasking.js";
import { remdm } from "./presets/remdm.js";
import { surestShare } from "./presets/surest-share.js";
import { threshold } from "./presets/threshold.js";

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
