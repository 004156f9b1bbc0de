import {
  backend_util,
  type ConcatAttrs,
  type PackAttrs,
  type SplitVAttrs,
  type TensorInfo,
  type UnpackAttrs,
  util,
} from "@tensorflow/tfjs-core";
import type { GraphBuilder } from "../graph/graph-builder.js";
import type { Operation } from "../graph/operation.js";
import type { KernelRecorder } from "../recording/kernel-recorder.js";
import { sizeOf } from "../recording/tensor-shape.js";
import { type KernelTable, kernel } from "./kernel.js";

/** Putting tensors together and taking them apart. */
export const joiningKernels: KernelTable = {
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

// --- internal ---

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
    const parts = split(graph, graph.value(x), attributes.sizes as number[], attributes.axis as number);
    outputs.forEach((output, place) => {
      const squeezed = output.shape.length !== x.shape.length;
      graph.bind(output, squeezed ? graph.reshape(parts[place], output.shape) : parts[place]);
    });
  },
};

/** A shader of WebGPU may bind eight buffers on every device, and one of them is what is split. */
const mostParts = 7;

/** Splits into a few pieces, and those again, where there are more parts than one operator of WebGPU can write. */
function split(graph: GraphBuilder, name: string, sizes: readonly number[], axis: number): string[] {
  if (sizes.length === 1) return [name];
  const each = Math.ceil(sizes.length / mostParts);
  const pieces = Array.from({ length: Math.ceil(sizes.length / each) }, (_, piece) =>
    sizes.slice(piece * each, (piece + 1) * each),
  );
  const whole = graph.integers(pieces.map((piece) => piece.reduce((sum, size) => sum + size)));
  const names = graph.operators("Split", [name, whole], { axis }, { outputs: pieces.length });
  return pieces.flatMap((piece, place) => split(graph, names[place], piece, axis));
}
