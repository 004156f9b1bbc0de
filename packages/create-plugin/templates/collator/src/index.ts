import { API_VERSION, defineCollator, definePlugin } from "@textdiffusion/core";
import { type MyComponentOptions, myComponentCollator, myComponentOptions } from "./my-component.js";

export { type MyComponentOptions, myComponentCollator, myComponentOptions } from "./my-component.js";

declare module "@textdiffusion/core" {
  interface KnownCollators {
    "my-component": MyComponentOptions;
  }
}

/** The plugin: importing it registers nothing, listing it in `plugins` does. */
export default definePlugin({
  name: "textdiffusion-plugin-my-component",
  apiVersion: API_VERSION,
  collators: [
    defineCollator({
      name: "my-component",
      description: "Masks an exact number of the tokens behind a random beginning.",
      source: "Own",
      exact: "a bound on what follows the beginning, rows weighed alike",
      options: myComponentOptions,
      create: myComponentCollator,
    }),
  ],
});
