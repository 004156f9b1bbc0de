import { binaryKernels } from "./binary.js";
import { blockKernels } from "./blocks.js";
import { choosingKernels } from "./choosing.js";
import { convolutionKernels } from "./convolution.js";
import { countingKernels } from "./counting.js";
import { crossEntropyKernels } from "./cross-entropy.js";
import { encoderLayerKernels } from "./encoder-layers.js";
import { gatheringKernels } from "./gathering.js";
import { joiningKernels } from "./joining.js";
import type { KernelTable } from "./kernel.js";
import { matmulKernels } from "./matmul.js";
import { normalisingKernels } from "./normalising.js";
import { paddingKernels } from "./padding.js";
import { poolingKernels } from "./pooling.js";
import { reductionKernels } from "./reduction.js";
import { scatteringKernels } from "./scattering.js";
import { shapingKernels } from "./shaping.js";
import { slicingKernels } from "./slicing.js";
import { unaryKernels } from "./unary.js";

/** Every kernel that the backend computes, by family. */
export const kernelFamilies: Readonly<Record<string, KernelTable>> = {
  "one number": unaryKernels,
  "two numbers": binaryKernels,
  reductions: reductionKernels,
  "matrix products": matmulKernels,
  shapes: shapingKernels,
  "parts put together and taken apart": joiningKernels,
  slices: slicingKernels,
  borders: paddingKernels,
  "reading by index": gatheringKernels,
  "writing by index": scatteringKernels,
  "one-hot rows and counts": countingKernels,
  "choice and order": choosingKernels,
  normalisations: normalisingKernels,
  blocks: blockKernels,
  convolutions: convolutionKernels,
  pools: poolingKernels,
  "not of tfjs": { ...crossEntropyKernels, ...encoderLayerKernels },
};
