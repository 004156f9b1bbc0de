import { existsSync } from "node:fs";
import {
  type GradConfig,
  getGradient,
  mul,
  registerGradient,
  reshape,
  type Tensor,
  tile,
  util,
} from "@tensorflow/tfjs-core";
import { OnnxBackendError } from "../onnx-backend-error.js";

/** Beside the compiled files; from `src` (tests) it is the same place, since both folders lie in the package root. */
const bundle = new URL("../../dist/gradients.node.js", import.meta.url);

/**
 * Gives tfjs-core its gradients, which its entry for Node leaves out, and replaces those of sums and means. The
 * originals multiply by `tf.ones` of the full shape, an array that the host fills and the graph reads in each step: for
 * logits of 2048 x 8192 a sixth of the step. The replacements hold on every backend.
 *
 * @throws OnnxBackendError `BACKEND_UNAVAILABLE` when the bundle was not built
 */
export async function registerGradients(): Promise<void> {
  if (!getGradient("Add")) {
    if (!existsSync(bundle)) {
      throw new OnnxBackendError({
        code: "BACKEND_UNAVAILABLE",
        component: "gradients",
        problem: "expected the bundled gradients in dist/gradients.node.js, got no such file",
        remedy: "In the repository run: node scripts/build-gradients.mjs; elsewhere reinstall the package",
      });
    }
    await import(/* @vite-ignore */ bundle.href);
  }
  registerGradient(reductionGradient("Sum", () => 1));
  registerGradient(reductionGradient("Mean", (count) => 1 / count));
}

// --- internal ---

/** Each number that was added up gets the gradient of the result, times a factor of how many they were. */
function reductionGradient(kernelName: "Sum" | "Mean", factorOf: (count: number) => number): GradConfig {
  return {
    kernelName,
    inputsToSave: ["x"],
    gradFunc(dy, [x], attributes) {
      const axes = util.parseAxisParam(attributes.axis as number[], x.shape);
      const kept = x.shape.map((size, axis) => (axes.includes(axis) ? 1 : size));
      const repeats = x.shape.map((size, axis) => (axes.includes(axis) ? size : 1));
      const factor = factorOf(util.sizeFromShape(repeats));
      return {
        x: () => {
          const upstream = reshape(dy as Tensor, kept);
          return tile(factor === 1 ? upstream : mul(upstream, factor), repeats);
        },
      };
    },
  };
}
