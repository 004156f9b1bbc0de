import { API_VERSION, defineDenoiser, definePlugin } from "@textdiffusion/core";
import { type MyComponentOptions, myComponentDenoiser, myComponentOptions } from "./my-component.js";

export { type MyComponentOptions, myComponentDenoiser, myComponentOptions } from "./my-component.js";

declare module "@textdiffusion/core" {
  interface KnownDenoisers {
    "my-component": MyComponentOptions;
  }
}

/** The plugin: importing it registers nothing, listing it in `plugins` does. */
export default definePlugin({
  name: "textdiffusion-plugin-my-component",
  apiVersion: API_VERSION,
  denoisers: [
    defineDenoiser({
      name: "my-component",
      description: "A model behind HTTP.",
      source: "Own",
      exceptions: [{ law: "options-decode-from-nothing", reason: "It must be told where the server is." }],
      options: myComponentOptions,
      create: myComponentDenoiser,
    }),
  ],
});
