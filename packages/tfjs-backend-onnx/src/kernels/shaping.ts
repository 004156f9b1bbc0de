import {
  backend_util,
  type CastAttrs,
  type ConcatAttrs,
  type ExpandDimsAttrs,
  type FillAttrs,
  type MirrorPadAttrs,
  type PackAttrs,
  type PadV2Attrs,
  type ReshapeAttrs,
  type ReverseAttrs,
  type SliceAttrs,
  type SplitVAttrs,
  type StridedSliceAttrs,
  slice_util,
  type TensorInfo,
  type TileAttrs,
  type TransposeAttrs,
  type UnpackAttrs,
  util,
} from "@tensorflow/tfjs-core";
import type { Operation } from "../graph/operation.js";
import type { KernelRecorder } from "../recording/kernel-recorder.js";
import { sameShape, sizeOf } from "../recording/tensor-shape.js";
import { broadcastTo } from "./broadcast.js";
import { castAs } from "./casts.js";
import { type KernelTable, kernel } from "./kernel.js";

/** What moves numbers and computes nothing. */
export const shapingKernels: KernelTable = {
  Identity: kernel(({ x }, _, recorder) => recorder.share(x, x.shape)),
  Reshape: kernel<ReshapeAttrs>(({ x }, { shape }, recorder) =>
    recorder.share(x, util.inferFromImplicitShape(shape, sizeOf(x.shape))),
  ),
  ExpandDims: kernel<ExpandDimsAttrs>(({ input }, { dim }, recorder) => {
    const shape = [...input.shape];
    const place = dim < 0 ? shape.length + 1 + dim : dim;
    util.assert(place >= 0, () => `Axis must be in the interval [${-shape.length - 1}, ${shape.length}]`);
    shape.splice(place, 0, 1);
    return recorder.share(input, shape);
  }),
  Cast: kernel<CastAttrs>(({ x }, { dtype }, recorder) => {
    if (dtype === x.dtype) return recorder.share(x, x.shape);
    const value = recorder.uniform(x);
    if (value !== undefined && (dtype === "float32" || x.dtype !== "float32")) {
      return recorder.fill(x.shape, dtype, dtype === "bool" ? Number(value !== 0) : value);
    }
    return recorder.record(castOperation, [x], {}, [{ shape: x.shape, dtype }])[0];
  }),
  Fill: kernel<FillAttrs>((_, { shape, value, dtype }, recorder) => {
    const type = dtype ?? util.inferDtype(value);
    return type === "string"
      ? recorder.text(shape, value as string)
      : recorder.fill(shape, type, type === "int32" ? Math.trunc(Number(value)) : Number(value));
  }),
  ZerosLike: kernel(({ x }, _, recorder) => recorder.fill(x.shape, x.dtype, 0)),
  OnesLike: kernel(({ x }, _, recorder) => recorder.fill(x.shape, x.dtype, 1)),
  Transpose: kernel<TransposeAttrs>(({ x }, { perm }, recorder) => {
    const shape = perm.map((axis) => x.shape[axis]);
    if (keepsOrder(x.shape, perm)) return recorder.share(x, shape);
    return recorder.record(transposeOperation, [x], { perm: Array.from(perm) }, [
      { shape, dtype: x.dtype },
    ])[0];
  }),
  Concat: kernel<ConcatAttrs>((inputs, { axis }, recorder) => {
    const parts = Object.values(inputs);
    const place = util.parseAxisParam(axis, parts[0].shape)[0];
    backend_util.assertParamsConsistent(
      parts.map(({ shape }) => shape),
      place,
    );
    return recordConcat(parts, place, recorder);
  }),
  Pack: kernel<PackAttrs>((inputs, { axis }, recorder) => {
    const given = Object.values(inputs);
    for (const { shape, dtype } of given) {
      util.assertShapesMatch(given[0].shape, shape, "All tensors passed to stack must have matching shapes");
      util.assert(given[0].dtype === dtype, () => "All tensors passed to stack must have matching dtypes");
    }
    const parts = given.map((part) => {
      const shape = [...part.shape];
      shape.splice(axis, 0, 1);
      return { ...part, shape };
    });
    return recordConcat(parts, axis, recorder);
  }),
  Unpack: kernel<UnpackAttrs>(({ value }, { axis }, recorder) => {
    const place = axis < 0 ? axis + value.shape.length : axis;
    const shape = value.shape.filter((_, other) => other !== place);
    const sizes = new Array(value.shape[place]).fill(1);
    return recordSplit(value, sizes, place, recorder, shape);
  }),
  SplitV: kernel<SplitVAttrs>(({ x }, { numOrSizeSplits, axis }, recorder) => {
    const place = util.parseAxisParam(axis, x.shape)[0];
    const sizes = backend_util.prepareSplitSize(x as never, numOrSizeSplits, place);
    return recordSplit(x, sizes, place, recorder);
  }),
  Slice: kernel<SliceAttrs>(({ x }, { begin, size }, recorder) => {
    const [starts, sizes] = slice_util.parseSliceParams(x as never, begin, size);
    slice_util.assertParamsValid(x as never, starts, sizes);
    return recordSlice(x, starts, sizes, recorder);
  }),
  StridedSlice: kernel<StridedSliceAttrs>(({ x }, given, recorder) => {
    const { begin, end, strides, finalShape, finalShapeSparse, isIdentity } = slice_util.sliceInfo(
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
    const sizes = slice_util.computeOutShape(begin, end, strides);
    if (strides.every((stride) => stride === 1)) {
      const sliced = recordSlice(x, begin, sizes, recorder);
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
  BroadcastArgs: kernel(({ s0, s1 }, _, recorder) => {
    const [left, right] = [Array.from(recorder.valuesNow(s0)), Array.from(recorder.valuesNow(s1))];
    const shape = backend_util.assertAndGetBroadcastShape(left, right);
    return recorder.host([shape.length], "int32", Int32Array.from(shape));
  }),
  Tile: kernel<TileAttrs>(({ x }, { reps }, recorder) => {
    const shape = x.shape.map((size, axis) => size * reps[axis]);
    if (reps.every((count) => count === 1)) return recorder.share(x, shape);
    const repeatsOne = reps.every((count, axis) => count === 1 || x.shape[axis] === 1);
    if (repeatsOne && sizeOf(shape) > 0) return broadcastTo(x, shape, recorder);
    return recorder.record(tileOperation, [x], { reps }, [{ shape, dtype: x.dtype }])[0];
  }),
  BroadcastTo: kernel<{ shape: number[] }>(({ x }, { shape }, recorder) => broadcastTo(x, shape, recorder)),
  PadV2: kernel<PadV2Attrs>(({ x }, { paddings, constantValue }, recorder) => {
    const shape = x.shape.map((size, axis) => paddings[axis][0] + size + paddings[axis][1]);
    if (sizeOf(x.shape) === 0) return recorder.fill(shape, x.dtype, constantValue);
    if (sameShape(shape, x.shape)) return recorder.share(x, shape);
    const attributes = { pads: padsOf(paddings), value: constantValue };
    return recorder.record(padOperation, [x], attributes, [{ shape, dtype: x.dtype }])[0];
  }),
  MirrorPad: kernel<MirrorPadAttrs>(({ x }, { paddings, mode }, recorder) => {
    const shape = x.shape.map((size, axis) => paddings[axis][0] + size + paddings[axis][1]);
    const attributes = { paddings, mode };
    return recorder.record(mirrorOperation, [x], attributes, [{ shape, dtype: x.dtype }])[0];
  }),
  Reverse: kernel<ReverseAttrs>(({ x }, { dims }, recorder) => {
    const axes = util.parseAxisParam(dims, x.shape);
    if (x.shape.length === 0) return recorder.share(x, x.shape);
    return recorder.record(reverseOperation, [x], { axes }, [x])[0];
  }),
};

/** Joins parts along an axis; parts without elements are left out. */
export function recordConcat(
  parts: readonly TensorInfo[],
  axis: number,
  recorder: KernelRecorder,
): TensorInfo {
  const shape = [...parts[0].shape];
  shape[axis] = parts.reduce((sum, part) => sum + part.shape[axis], 0);
  const filled = parts.filter((part) => sizeOf(part.shape) > 0);
  if (filled.length === 1) return recorder.share(filled[0], shape);
  return recorder.record(concatOperation, filled, { axis }, [{ shape, dtype: parts[0].dtype }])[0];
}

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

/** Whether a transposition only moves axes of size 1, so that the numbers stay in their order. */
function keepsOrder(shape: readonly number[], perm: readonly number[]): boolean {
  const moved = perm.filter((axis) => shape[axis] !== 1);
  return moved.every((axis, place) => place === 0 || axis > moved[place - 1]);
}

/** @param shape - of each part, where that differs from the slice of the input */
function recordSplit(
  x: TensorInfo,
  sizes: readonly number[],
  axis: number,
  recorder: KernelRecorder,
  shape?: readonly number[],
): TensorInfo[] {
  const results = sizes.map((size) => ({
    shape: shape ?? x.shape.map((whole, other) => (other === axis ? size : whole)),
    dtype: x.dtype,
  }));
  if (sizes.length === 1) return [recorder.share(x, results[0].shape)];
  const filled = results.filter((result) => sizeOf(result.shape) > 0);
  const parts = sizes.filter((size) => size > 0);
  const recorded =
    filled.length > 0 ? recorder.record(splitOperation, [x], { axis, sizes: parts }, filled) : [];
  return results.map((result) =>
    sizeOf(result.shape) > 0 ? recorded.shift()! : recorder.record(splitOperation, [x], {}, [result])[0],
  );
}

/** All paddings before, then all after, as ONNX wants them. */
function padsOf(paddings: readonly (readonly number[])[]): number[] {
  return [...paddings.map(([before]) => before), ...paddings.map(([, after]) => after)];
}

const castOperation: Operation = {
  name: "Cast",
  lower(graph, node) {
    const [x] = node.inputs;
    graph.elementwise(node, ([name]) => castAs(graph, name, x.entry.type, node.outputs[0].type));
  },
};

const transposeOperation: Operation = {
  name: "Transpose",
  lower(graph, { attributes, inputs: [x], outputs: [output] }) {
    graph.bind(output, graph.operator("Transpose", [graph.value(x)], { perm: attributes.perm as number[] }));
  },
};

const concatOperation: Operation = {
  name: "Concat",
  lower(graph, { attributes, inputs, outputs: [output] }) {
    const parts = inputs.map((edge) => graph.value(edge));
    graph.bind(output, graph.operator("Concat", parts, { axis: attributes.axis as number }));
  },
};

const splitOperation: Operation = {
  name: "Split",
  lower(graph, { attributes, inputs: [x], outputs }) {
    const sizes = graph.integers(attributes.sizes as number[]);
    const inputs = [graph.value(x), sizes];
    const attribute = { axis: attributes.axis as number };
    const parts = graph.operators("Split", inputs, attribute, { outputs: outputs.length });
    outputs.forEach((output, place) => {
      const squeezed = output.shape.length !== x.shape.length;
      graph.bind(output, squeezed ? graph.reshape(parts[place], output.shape) : parts[place]);
    });
  },
};

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

const tileOperation: Operation = {
  name: "Tile",
  lower(graph, { attributes, inputs: [x], outputs: [output] }) {
    graph.bind(output, graph.operator("Tile", [graph.value(x), graph.integers(attributes.reps as number[])]));
  },
};

const padOperation: Operation = {
  name: "PadV2",
  lower(graph, { attributes, inputs: [x], outputs: [output] }) {
    const value = graph.scalar(output.type, attributes.value as number);
    graph.bind(
      output,
      graph.operator("Pad", [graph.value(x), graph.integers(attributes.pads as number[]), value]),
    );
  },
};

/** Axis after axis, the places that a reflection reads. */
const mirrorOperation: Operation = {
  name: "MirrorPad",
  lower(graph, { attributes, inputs: [x], outputs: [output] }) {
    const skip = attributes.mode === "reflect" ? 1 : 0; // reflect leaves the border itself out
    const paddings = attributes.paddings as [number, number][];
    const padded = paddings.reduce((name, [before, after], axis) => {
      if (before === 0 && after === 0) return name;
      const size = x.shape[axis];
      const places = Int32Array.from({ length: before + size + after }, (_, index) => {
        const place = index - before;
        if (place < 0) return -place - 1 + skip;
        return place < size ? place : 2 * size - 1 - place - skip;
      });
      return graph.operator("Gather", [name, graph.int32(places)], { axis });
    }, graph.value(x));
    graph.bind(output, padded);
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
