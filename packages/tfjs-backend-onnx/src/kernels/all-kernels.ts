import { binaryKernels } from "./binary.js";
import { blockKernels } from "./blocks.js";
import { choosingKernels } from "./choosing.js";
import { convolutionKernels } from "./convolution.js";
import { crossEntropyKernels } from "./cross-entropy.js";
import { indexingKernels } from "./indexing.js";
import type { KernelTable } from "./kernel.js";
import { matmulKernels } from "./matmul.js";
import { normalisingKernels } from "./normalising.js";
import { poolingKernels } from "./pooling.js";
import { reductionKernels } from "./reduction.js";
import { shapingKernels } from "./shaping.js";
import { unaryKernels } from "./unary.js";

/** Every kernel that the backend computes, by family. */
export const kernelFamilies: Readonly<Record<string, KernelTable>> = {
  "one number": unaryKernels,
  "two numbers": binaryKernels,
  reductions: reductionKernels,
  "matrix products": matmulKernels,
  shapes: shapingKernels,
  indices: indexingKernels,
  "choice and order": choosingKernels,
  normalisations: normalisingKernels,
  blocks: blockKernels,
  convolutions: convolutionKernels,
  pools: poolingKernels,
  "not of tfjs": crossEntropyKernels,
};
