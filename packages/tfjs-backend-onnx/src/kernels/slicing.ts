import {
  type ReverseAttrs,
  type SliceAttrs,
  type StridedSliceAttrs,
  slice_util,
  type TensorInfo,
  util,
} from "@tensorflow/tfjs-core";
import type { Operation } from "../graph/operation.js";
import type { KernelRecorder } from "../recording/kernel-recorder.js";
import { sameShape } from "../recording/tensor-shape.js";
import { type KernelTable, kernel } from "./kernel.js";

/** Parts of a tensor, in steps and backwards. */
export const slicingKernels: KernelTable = {
  Slice: kernel<SliceAttrs>(({ x }, { begin, size }, recorder) => {
    const [starts, sizes] = slice_util.parseSliceParams(x as never, begin, size);
    slice_util.assertParamsValid(x as never, starts, sizes);
    return recordSlice(x, starts, sizes, recorder);
  }),
  StridedSlice: kernel<StridedSliceAttrs>(({ x }, given, recorder) => {
    const { begin, strides, finalShape, finalShapeSparse, isIdentity } = slice_util.sliceInfo(
      x.shape,
      given.begin,
      given.end,
      given.strides,
      given.beginMask,
      given.endMask,
      given.ellipsisMask,
      given.newAxisMask,
      given.shrinkAxisMask,
    );
    if (isIdentity) return recorder.share(x, finalShape);
    if (strides.every((stride) => stride === 1)) {
      const sliced = recordSlice(x, begin, finalShapeSparse, recorder); // nothing where ends cross
      return recorder.replace(sliced, recorder.share(sliced, finalShape));
    }
    const ends = begin.map((start, axis) => {
      const stop = start + finalShapeSparse[axis] * strides[axis];
      return stop < 0 ? beforeFirst : stop;
    });
    return recorder.record(stridedOperation, [x], { begin, ends, strides }, [
      { shape: finalShape, dtype: x.dtype },
    ])[0];
  }),
  Reverse: kernel<ReverseAttrs>(({ x }, { dims }, recorder) => {
    const axes = util.parseAxisParam(dims, x.shape);
    if (x.shape.length === 0) return recorder.share(x, x.shape);
    return recorder.record(reverseOperation, [x], { axes }, [x])[0];
  }),
};

/** The box of `sizes` that begins at `starts`. */
export function recordSlice(
  x: TensorInfo,
  starts: readonly number[],
  sizes: readonly number[],
  recorder: KernelRecorder,
): TensorInfo {
  if (sameShape(sizes, x.shape)) return recorder.share(x, sizes);
  return recorder.record(sliceOperation, [x], { starts, sizes }, [{ shape: sizes, dtype: x.dtype }])[0];
}

// --- internal ---

/** Before the first place: the end of a slice that runs backwards to it. -1 would mean the last. */
const beforeFirst = -(2 ** 31);

const sliceOperation: Operation = {
  name: "Slice",
  lower(graph, { attributes, inputs: [x], outputs: [output] }) {
    const starts = attributes.starts as number[];
    const ends = starts.map((start, axis) => start + (attributes.sizes as number[])[axis]);
    const cut = starts
      .map((_, axis) => axis)
      .filter((axis) => starts[axis] > 0 || ends[axis] < x.shape[axis]);
    const integers = (values: number[]) => graph.integers(cut.map((axis) => values[axis]));
    const inputs = [graph.value(x), integers(starts), integers(ends), graph.integers(cut)];
    graph.bind(output, graph.operator("Slice", inputs));
  },
};

const stridedOperation: Operation = {
  name: "StridedSlice",
  lower(graph, { attributes, inputs: [x], outputs: [output] }) {
    const begin = graph.integers(attributes.begin as number[]);
    const ends = graph.integers(attributes.ends as number[]);
    const axes = graph.integers(x.shape.map((_, axis) => axis));
    const steps = graph.integers(attributes.strides as number[]);
    const sliced = graph.operator("Slice", [graph.value(x), begin, ends, axes, steps]);
    graph.bind(output, graph.reshape(sliced, output.shape));
  },
};

const reverseOperation: Operation = {
  name: "Reverse",
  lower(graph, { attributes, inputs: [x], outputs: [output] }) {
    const axes = attributes.axes as number[];
    const all = (value: number) => graph.integers(axes.map(() => value));
    const inputs = [graph.value(x), all(-1), all(beforeFirst), graph.integers(axes), all(-1)];
    graph.bind(output, graph.operator("Slice", inputs));
  },
};
