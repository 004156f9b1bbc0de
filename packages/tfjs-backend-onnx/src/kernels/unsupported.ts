import { OnnxBackendError } from "../onnx-backend-error.js";
import type { KernelTable } from "./kernel.js";

const onCpu = 'Compute this part on the backend "cpu": await tf.setBackend("cpu"), and back afterwards';
const noComplex =
  'Keep the real and the imaginary part as two tensors, or compute this part on the backend "cpu"';
const noImages = 'Prepare images on the backend "cpu" before the model';
const noText = "Prepare strings on the host before the model";

/** Kernels that tfjs has and this backend has not, with what to do instead. */
export const missingKernels: Readonly<Record<string, string>> = {
  Complex: noComplex,
  ComplexAbs: noComplex,
  CropAndResize: noImages,
  Dilation2D: onCpu,
  Dilation2DBackpropFilter: onCpu,
  Dilation2DBackpropInput: onCpu,
  Draw: noImages,
  FFT: noComplex,
  FlipLeftRight: noImages,
  FromPixels: noImages,
  IFFT: noComplex,
  Imag: noComplex,
  LRNGrad: onCpu,
  MaxPoolWithArgmax: onCpu,
  Multinomial: "Draw on the host, or take the argMax of the logits plus Gumbel noise",
  NonMaxSuppressionV3: noImages,
  NonMaxSuppressionV4: noImages,
  NonMaxSuppressionV5: noImages,
  RaggedGather: onCpu,
  RaggedRange: onCpu,
  RaggedTensorToTensor: onCpu,
  Real: noComplex,
  ResizeBilinear: noImages,
  ResizeBilinearGrad: noImages,
  ResizeNearestNeighbor: noImages,
  ResizeNearestNeighborGrad: noImages,
  RotateWithOffset: noImages,
  SparseFillEmptyRows: onCpu,
  SparseReshape: onCpu,
  SparseSegmentMean: onCpu,
  SparseSegmentSum: onCpu,
  StaticRegexReplace: noText,
  StringNGrams: noText,
  StringSplit: noText,
  StringToHashBucketFast: noText,
  Transform: noImages,
  Unique: "Find the unique values on the host: the size of the result depends on them",
};

/** Kernels that say what is missing. */
export const unsupportedKernels: KernelTable = Object.fromEntries(
  Object.entries(missingKernels).map(([name, remedy]) => [
    name,
    () => {
      throw new OnnxBackendError({
        code: "UNSUPPORTED",
        component: "kernels",
        problem: `expected a kernel that runs on ONNX Runtime, got ${name}`,
        remedy,
      });
    },
  ]),
);
