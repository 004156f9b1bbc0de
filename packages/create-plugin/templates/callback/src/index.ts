import { API_VERSION, defineCallback, definePlugin } from "@textdiffusion/core";
import { type MyComponentOptions, myComponentCallback, myComponentOptions } from "./my-component.js";

export { type MyComponentOptions, myComponentCallback, myComponentOptions } from "./my-component.js";

declare module "@textdiffusion/core" {
  interface KnownCallbacks {
    "my-component": MyComponentOptions;
  }
}

/** The plugin: importing it registers nothing, listing it in `plugins` does. */
export default definePlugin({
  name: "textdiffusion-plugin-my-component",
  apiVersion: API_VERSION,
  callbacks: [
    defineCallback({
      name: "my-component",
      description: "Stops a training once a validation is as good as wanted.",
      source: "Own",
      options: myComponentOptions,
      create: myComponentCallback,
    }),
  ],
});
