import { API_VERSION, definePlugin } from "@textdiffusion/core";
import { type SamplesOptions, samples } from "./callbacks/samples.js";
import { type TimeLimitOptions, timeLimit } from "./callbacks/time-limit.js";

declare module "@textdiffusion/core" {
  interface KnownCallbacks {
    samples: SamplesOptions;
    "time-limit": TimeLimitOptions;
  }
}

/** Every callback of this package, for `plugins`. */
export const trainingPlugin = definePlugin({
  name: "@textdiffusion/training",
  apiVersion: API_VERSION,
  callbacks: [samples, timeLimit],
});
