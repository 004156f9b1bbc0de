import { API_VERSION, definePlugin } from "@textdiffusion/core";
import { confidence } from "./presets/confidence.js";
import { random } from "./presets/random.js";
import { remasking } from "./presets/remasking.js";
import { threshold } from "./presets/threshold.js";

/** Every sampler of this package, for `plugins`. */
export const samplersPlugin = definePlugin({
  name: "@textdiffusion/samplers",
  apiVersion: API_VERSION,
  samplers: [confidence, random, remasking, threshold],
});
