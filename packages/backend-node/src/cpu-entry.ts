import type { BackendEntry } from "@textdiffusion/tfjs-backends";
import { repairUnsortedSegmentSum } from "@textdiffusion/tfjs-backends";
import { cpuModel } from "./machine.js";

/** Plain JavaScript: slow, and the one that the others are compared with. */
export const cpuEntry: BackendEntry = {
  name: "cpu",
  description: "plain JavaScript on one thread; slow, for reference",
  packages: ["@tensorflow/tfjs-backend-cpu"],
  remedy: "Reinstall @tensorflow/tfjs-backend-cpu",
  async load() {
    await import("@tensorflow/tfjs-backend-cpu");
    repairUnsortedSegmentSum("cpu");
  },
  device: () => `${cpuModel()}, JavaScript, 1 thread`,
};
