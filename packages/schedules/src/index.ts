export { type CosineOptions, cosine, cosineSchedule } from "./cosine.js";
export { type LinearOptions, linear, linearSchedule } from "./linear.js";
export { schedulesPlugin } from "./schedules-plugin.js";
