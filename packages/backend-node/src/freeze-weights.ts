import { backend, getBackend, type Variable } from "@tensorflow/tfjs-core";
import { DiffusionError } from "@textdiffusion/core";
import { type OnnxBackend, backendName as onnx } from "@textdiffusion/tfjs-backend-onnx";
import type { WeightType } from "./weight-types.js";

/**
 * Readies the weights of a model that will only be run for the active backend: `onnx` packs them, and keeps those of
 * matrix products as 8-bit integers for `"q8"`. Other backends run them as they are.
 *
 * @throws DiffusionError `BACKEND_UNAVAILABLE` for `"q8"` on another backend than `onnx`
 */
export async function freezeWeights(weights: Iterable<Variable>, dtype: WeightType): Promise<void> {
  const active = getBackend();
  if (active === onnx) return (backend() as OnnxBackend).freeze(weights, { dtype });
  if (dtype === "fp32") return;
  throw new DiffusionError({
    code: "BACKEND_UNAVAILABLE",
    component: `backend-node/${active}`,
    problem: `expected the backend "${onnx}" for weights of the dtype "${dtype}", got "${active}"`,
    remedy: `Choose the backend "${onnx}", or the dtype "fp32"`,
    details: { backend: active, dtype },
  });
}
