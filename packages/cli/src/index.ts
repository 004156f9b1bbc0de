export { type PageReducer, type PageState, pageReducer } from "@textdiffusion/render";
export { type AnimationOptions, animate } from "./animation/animate.js";
export { type FrameOptions, renderFrame } from "./animation/render-frame.js";
export { CONFIG_NAMES, type LoadedConfig, loadConfig } from "./config/load-config.js";
export { main } from "./main.js";
export {
  type TrainingProgress,
  type TrainingProgressOptions,
  trainingProgress,
} from "./progress/training-progress.js";
export type { TerminalStream } from "./terminal/live-region.js";
export { type Look, type Paint, paintAnsi, paintFor, paintPlain } from "./terminal/paint.js";
