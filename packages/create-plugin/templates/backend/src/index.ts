import {
  API_VERSION,
  type Backend,
  defineBackend,
  definePlugin,
  type KnownChoice,
} from "@textdiffusion/core";
import { myComponentBackend, myComponentOptions } from "./my-component.js";

export { type MyComponentParts, myComponentBackend, myComponentOptions } from "./my-component.js";

/** Options of `my-component`: `backend`, which is watched, and `allowed` (default 0). */
export interface MyComponentOptions {
  readonly backend: KnownChoice<"backend"> | Backend;
  readonly allowed?: number;
}

declare module "@textdiffusion/core" {
  interface KnownBackends {
    "my-component": MyComponentOptions;
  }
}

/** The plugin: importing it registers nothing, listing it in `plugins` does. */
export default definePlugin({
  name: "textdiffusion-plugin-my-component",
  apiVersion: API_VERSION,
  backends: [
    defineBackend({
      name: "my-component",
      description: "Another backend, watched for tensors that were never disposed of.",
      source: "Own",
      exceptions: [{ law: "options-decode-from-nothing", reason: "It must be told which backend to watch." }],
      options: myComponentOptions,
      choices: { backend: "backend" }, // so core makes the other one, starts it, and disposes of it last
      create: ({ backend, allowed }) => myComponentBackend({ backend: backend as Backend, allowed }),
    }),
  ],
});
