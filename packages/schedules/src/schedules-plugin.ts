import { API_VERSION, definePlugin } from "@textdiffusion/core";
import { type CosineOptions, cosine } from "./cosine.js";
import { type CosineSquaredOptions, cosineSquared } from "./cosine-squared.js";
import { type GeometricOptions, geometric } from "./geometric.js";
import { type LeftToRightOptions, leftToRight } from "./left-to-right.js";
import { type LinearOptions, linear } from "./linear.js";
import { type LogOptions, log } from "./log.js";
import { type LogLinearOptions, logLinear } from "./log-linear.js";
import { type MdlmCosineOptions, mdlmCosine } from "./mdlm-cosine.js";
import { type PowerOptions, power } from "./power.js";
import { type SigmaLinearOptions, sigmaLinear } from "./sigma-linear.js";
import { type SigmoidOptions, sigmoid } from "./sigmoid.js";
import { type SpindleOptions, spindle } from "./spindle.js";
import { type SqrtOptions, sqrt } from "./sqrt.js";

declare module "@textdiffusion/core" {
  interface KnownSchedules {
    cosine: CosineOptions;
    "cosine-squared": CosineSquaredOptions;
    geometric: GeometricOptions;
    "left-to-right": LeftToRightOptions;
    linear: LinearOptions;
    log: LogOptions;
    "log-linear": LogLinearOptions;
    "mdlm-cosine": MdlmCosineOptions;
    power: PowerOptions;
    "sigma-linear": SigmaLinearOptions;
    sigmoid: SigmoidOptions;
    spindle: SpindleOptions;
    sqrt: SqrtOptions;
  }
}

/** Every schedule of this package, for `plugins`. */
export const schedulesPlugin = definePlugin({
  name: "@textdiffusion/schedules",
  apiVersion: API_VERSION,
  schedules: [
    linear,
    cosine,
    cosineSquared,
    geometric,
    leftToRight,
    log,
    logLinear,
    mdlmCosine,
    power,
    sigmaLinear,
    sigmoid,
    spindle,
    sqrt,
  ],
});
