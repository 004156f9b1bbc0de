import { API_VERSION, definePlugin, defineSource } from "@textdiffusion/core";
import { type MyComponentOptions, myComponentOptions, myComponentSource } from "./my-component.js";

export { type MyComponentOptions, myComponentOptions, myComponentSource } from "./my-component.js";

declare module "@textdiffusion/core" {
  interface KnownSources {
    "my-component": MyComponentOptions;
  }
}

/** The plugin: importing it registers nothing, listing it in `plugins` does. */
export default definePlugin({
  name: "textdiffusion-plugin-my-component",
  apiVersion: API_VERSION,
  sources: [
    defineSource({
      name: "my-component",
      description: "The sequences of a FASTA file, each a document.",
      source: "Own",
      options: myComponentOptions,
      create: myComponentSource,
    }),
  ],
});
