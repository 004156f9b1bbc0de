import { existsSync } from "node:fs";
import { getGradient } from "@tensorflow/tfjs-core";
import { DiffusionError } from "@textdiffusion/core";
import { repairBroadcastGradients } from "./fixes/broadcast-gradients.js";

/** Beside the compiled files; from `src` (tests) it is the same place, since both folders lie in the package root. */
const bundle = new URL("../dist/gradients.node.js", import.meta.url);

/**
 * Gives tfjs-core its gradients, which it lacks in Node: its entry for Node leaves them out, and Node cannot import the
 * files that hold them. A process that has them already (from the union package, say) keeps them.
 *
 * @throws DiffusionError `BACKEND_UNAVAILABLE` when the bundle was not built
 */
export async function registerGradients(): Promise<void> {
  if (!getGradient("Sum")) {
    if (!existsSync(bundle)) {
      throw new DiffusionError({
        code: "BACKEND_UNAVAILABLE",
        component: "backend-node/gradients",
        problem: "expected the bundled gradients in dist/gradients.node.js, got no such file",
        remedy: "In the repository run: node scripts/build-gradients.mjs; elsewhere reinstall the package",
      });
    }
    await import(/* @vite-ignore */ bundle.href);
  }
  repairBroadcastGradients();
}
