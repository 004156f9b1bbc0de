import { API_VERSION, definePlugin, defineSampler } from "@textdiffusion/core";
import { type MyComponentOptions, myComponentOptions, myComponentSampler } from "./my-component.js";

export {
  type MyComponentOptions,
  myComponentOptions,
  myComponentSampler,
  surestApart,
} from "./my-component.js";

declare module "@textdiffusion/core" {
  interface KnownSamplers {
    "my-component": MyComponentOptions;
  }
}

/** The plugin: importing it registers nothing, listing it in `plugins` does. */
export default definePlugin({
  name: "textdiffusion-plugin-my-component",
  apiVersion: API_VERSION,
  samplers: [
    defineSampler({
      name: "my-component",
      description: "Reveals the surest tokens first, those of one step apart from each other.",
      source: "Own",
      exact: "No.",
      options: myComponentOptions,
      create: myComponentSampler,
    }),
  ],
});
