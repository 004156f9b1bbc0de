import { API_VERSION, definePlugin } from "@textdiffusion/core";
import { cosine } from "./cosine.js";
import { linear } from "./linear.js";

/** Every schedule of this package, for `plugins`. */
export const schedulesPlugin = definePlugin({
  name: "@textdiffusion/schedules",
  apiVersion: API_VERSION,
  schedules: [linear, cosine],
});
