import type { MathBackendCPU } from "@tensorflow/tfjs-backend-cpu";
import type { BackendWasm } from "@tensorflow/tfjs-backend-wasm";
import {
  type TensorInfo,
  type TypedArray,
  UnsortedSegmentSum,
  type UnsortedSegmentSumAttrs,
  util,
} from "@tensorflow/tfjs-core";
import { replaceKernel } from "./replace-kernel.js";

/**
 * Trap: the gradient of a gather (of every embedding) is UnsortedSegmentSum. The wasm backend lacks it, and the cpu
 * backend passes over all rows once for each segment, O(vocab * rows).
 *
 * Repair: one pass over the rows, each added to its segment. Ids outside `[0, numSegments)` are left out, as the
 * original leaves them.
 */
export function repairUnsortedSegmentSum(backendName: "cpu" | "wasm"): void {
  replaceKernel(UnsortedSegmentSum, backendName, () => ({ inputs, attrs, backend }) => {
    const { x, segmentIds } = inputs as Record<"x" | "segmentIds", TensorInfo>;
    const { numSegments } = attrs as unknown as UnsortedSegmentSumAttrs;
    const shape = [numSegments, ...x.shape.slice(segmentIds.shape.length)];
    if (backendName === "cpu") {
      const cpu = backend as MathBackendCPU;
      const sums = util.getTypedArrayFromDType(x.dtype as "float32" | "int32", util.sizeFromShape(shape));
      const values = (id: object) => cpu.data.get(id).values as TypedArray;
      addRows(values(x.dataId), values(segmentIds.dataId), numSegments, sums);
      return cpu.makeTensorInfo(shape, x.dtype, sums);
    }
    const wasm = backend as BackendWasm;
    const output = wasm.makeOutput(shape, x.dtype); // before the views: allocating may move the heap
    const sums = wasm.typedArrayFromHeap(output).fill(0);
    addRows(wasm.typedArrayFromHeap(x), wasm.typedArrayFromHeap(segmentIds), numSegments, sums);
    return output;
  });
}

// --- internal ---

/** `sums[segmentIds[row]] += values[row]`; shapes [rows, width], [rows], [segments, width] */
function addRows(values: TypedArray, segmentIds: TypedArray, segments: number, sums: TypedArray): void {
  const width = sums.length / segments;
  for (let row = 0; row < segmentIds.length; row++) {
    const segment = segmentIds[row];
    if (segment < 0 || segment >= segments) continue;
    const from = row * width;
    const to = segment * width;
    for (let column = 0; column < width; column++) sums[to + column] += values[from + column];
  }
}
