import type { TensorInfo } from "@tensorflow/tfjs-core";
import { OnnxBackendError } from "../onnx-backend-error.js";
import type { KernelRecorder } from "../recording/kernel-recorder.js";
import { recordBinary } from "./binary.js";
import { unaryKernels } from "./unary.js";

export interface ActivationAttributes {
  /** As tfjs names it; none means linear. */
  readonly activation?: string | null;
  readonly leakyreluAlpha?: number;
  readonly preluActivationWeights?: TensorInfo;
}

/** The function after a fused product or convolution, in place of what it is applied to. */
export function recordActivation(
  x: TensorInfo,
  { activation, leakyreluAlpha, preluActivationWeights }: ActivationAttributes,
  recorder: KernelRecorder,
): TensorInfo {
  if (!activation || activation === "linear") return x;
  if (activation === "prelu") {
    return recorder.replace(x, recordBinary("Prelu", x, preluActivationWeights!, recorder));
  }
  const name = names[activation];
  if (!name) throw unknownActivation(activation);
  const result = unaryKernels[name]({ x }, { alpha: leakyreluAlpha ?? 0.2 }, recorder) as TensorInfo;
  return recorder.replace(x, result);
}

// --- internal ---

const names: Readonly<Record<string, string>> = {
  elu: "Elu",
  leakyrelu: "LeakyRelu",
  relu: "Relu",
  relu6: "Relu6",
  sigmoid: "Sigmoid",
};

function unknownActivation(activation: string): OnnxBackendError {
  return new OnnxBackendError({
    code: "UNSUPPORTED",
    component: "kernels",
    problem: `expected an activation of ${Object.keys(names).join(", ")}, linear or prelu, got ${activation}`,
    remedy: "Apply it after the product, as an operation of its own",
  });
}
