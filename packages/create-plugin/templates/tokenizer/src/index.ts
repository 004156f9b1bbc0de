import { API_VERSION, definePlugin, defineTokenizer } from "@textdiffusion/core";
import { type MyComponentOptions, myComponentOptions, myComponentTokenizer } from "./my-component.js";

export { type MyComponentOptions, myComponentOptions, myComponentTokenizer } from "./my-component.js";

declare module "@textdiffusion/core" {
  interface KnownTokenizers {
    "my-component": MyComponentOptions;
  }
}

/** The plugin: importing it registers nothing, listing it in `plugins` does. */
export default definePlugin({
  name: "textdiffusion-plugin-my-component",
  apiVersion: API_VERSION,
  tokenizers: [
    defineTokenizer({
      name: "my-component",
      description: "Pieces of fixed length of a small alphabet (k-mers).",
      source: "Own",
      options: myComponentOptions,
      create: myComponentTokenizer,
    }),
  ],
});
