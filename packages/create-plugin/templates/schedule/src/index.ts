import { API_VERSION, definePlugin, defineSchedule } from "@textdiffusion/core";
import { type MyComponentOptions, myComponentOptions, myComponentSchedule } from "./my-component.js";

export { type MyComponentOptions, myComponentOptions, myComponentSchedule } from "./my-component.js";

declare module "@textdiffusion/core" {
  interface KnownSchedules {
    "my-component": MyComponentOptions;
  }
}

/** The plugin: importing it registers nothing, listing it in `plugins` does. */
export default definePlugin({
  name: "textdiffusion-plugin-my-component",
  apiVersion: API_VERSION,
  schedules: [
    defineSchedule({
      name: "my-component",
      description: "Mask rate 1 - (1 - t)^power: most tokens are masked early.",
      source: "Own",
      exact: "closed forms",
      options: myComponentOptions,
      create: myComponentSchedule,
    }),
  ],
});
