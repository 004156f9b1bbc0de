import {
  type AvgPool3DAttrs,
  type AvgPoolAttrs,
  type AvgPoolGradAttrs,
  backend_util,
  type TensorInfo,
} from "@tensorflow/tfjs-core";
import type { GraphBuilder } from "../graph/graph-builder.js";
import type { Operation } from "../graph/operation.js";
import type { KernelRecorder } from "../recording/kernel-recorder.js";
import { sizeOf } from "../recording/tensor-shape.js";
import { inputGradient } from "./convolution-gradient.js";
import { type KernelTable, kernel } from "./kernel.js";
import { padsAfter, type Window } from "./sliding-window.js";

/** The largest or the mean number of each window. Padding takes part in neither. */
export const poolingKernels: KernelTable = {
  MaxPool: kernel<AvgPoolAttrs>(({ x }, given, recorder) =>
    recordPool("MaxPool", x, pool2d(x, given), recorder),
  ),
  AvgPool: kernel<AvgPoolAttrs>(({ x }, given, recorder) =>
    recordPool("AveragePool", x, pool2d(x, given), recorder),
  ),
  MaxPool3D: kernel<AvgPool3DAttrs>(({ x }, given, recorder) =>
    recordPool("MaxPool", x, pool3d(x, given), recorder),
  ),
  AvgPool3D: kernel<AvgPool3DAttrs>(({ x }, given, recorder) =>
    recordPool("AveragePool", x, pool3d(x, given), recorder),
  ),
  AvgPoolGrad: kernel<AvgPoolGradAttrs>(
    ({ dy, input }, given, recorder) =>
      recorder.record(averageGradientOperation, [dy], { ...pool2d(input, given) }, [input])[0],
  ),
  AvgPool3DGrad: kernel<AvgPool3DAttrs>(
    ({ dy, input }, given, recorder) =>
      recorder.record(averageGradientOperation, [dy], { ...pool3d(input, given) }, [input])[0],
  ),
  MaxPoolGrad: kernel<AvgPoolGradAttrs>(
    ({ dy, input }, given, recorder) =>
      recorder.record(maxGradientOperation, [dy, input], { ...pool2d(input, given) }, [input])[0],
  ),
  MaxPool3DGrad: kernel<AvgPool3DAttrs>(
    ({ dy, input }, given, recorder) =>
      recorder.record(maxGradientOperation, [dy, input], { ...pool3d(input, given) }, [input])[0],
  ),
};

// --- internal ---

type PoolAttributes = Pick<AvgPoolAttrs, "filterSize" | "strides" | "pad" | "dimRoundingMode">;

function pool2d(x: TensorInfo, { filterSize, strides, pad, dimRoundingMode }: PoolAttributes): Window {
  const shape = x.shape as [number, number, number, number];
  const info = backend_util.computePool2DInfo(shape, filterSize, strides, 1, pad, dimRoundingMode);
  return {
    in: [info.inHeight, info.inWidth],
    out: [info.outHeight, info.outWidth],
    outShape: info.outShape,
    outChannels: info.outChannels,
    filter: [info.filterHeight, info.filterWidth],
    strides: [info.strideHeight, info.strideWidth],
    dilations: [info.dilationHeight, info.dilationWidth],
    before: [info.padInfo.top, info.padInfo.left],
    channelsFirst: false,
    depthwise: false,
  };
}

function pool3d(
  x: TensorInfo,
  { filterSize, strides, pad, dimRoundingMode, dataFormat }: AvgPool3DAttrs,
): Window {
  const shape = x.shape as [number, number, number, number, number];
  const info = backend_util.computePool3DInfo(
    shape,
    filterSize,
    strides,
    1,
    pad,
    dimRoundingMode,
    dataFormat,
  );
  return {
    in: [info.inDepth, info.inHeight, info.inWidth],
    out: [info.outDepth, info.outHeight, info.outWidth],
    outShape: info.outShape,
    outChannels: info.outChannels,
    filter: [info.filterDepth, info.filterHeight, info.filterWidth],
    strides: [info.strideDepth, info.strideHeight, info.strideWidth],
    dilations: [info.dilationDepth, info.dilationHeight, info.dilationWidth],
    before: [info.padInfo.front, info.padInfo.top, info.padInfo.left],
    channelsFirst: false,
    depthwise: false,
  };
}

function recordPool(
  operator: "MaxPool" | "AveragePool",
  x: TensorInfo,
  window: Window,
  recorder: KernelRecorder,
): TensorInfo {
  if (sizeOf(window.filter) === 1 && sizeOf(window.strides) === 1) return recorder.share(x, x.shape);
  const attributes = { operator, ...window };
  return recorder.record(poolOperation, [x], attributes, [{ shape: window.outShape, dtype: x.dtype }])[0];
}

const poolOperation: Operation = {
  name: "Pool",
  lower(graph, { attributes, inputs: [x], outputs: [output] }) {
    const { rank, input } = channelsFirst(graph, graph.value(x), x.shape.length);
    const pooled = graph.operator(attributes.operator as string, [input], windowAttributes(attributes));
    graph.bind(output, graph.operator("Transpose", [pooled], { perm: lastOf(rank) }));
  },
};

/** The gradient goes to the first of the largest numbers of each window. */
const maxGradientOperation: Operation = {
  name: "MaxPoolGradient",
  lower(graph, { attributes, inputs: [dy, x], outputs: [output] }) {
    const { rank, input } = channelsFirst(graph, graph.value(x), x.shape.length);
    const upstream = channelsFirst(graph, graph.value(dy), rank).input;
    const [, places] = graph.operators("MaxPool", [input], windowAttributes(attributes), { outputs: 2 });
    const size = sizeOf(x.shape);
    const zeros = graph.operator("Expand", [graph.scalar("float32", 0), graph.integers([size])]);
    const flat = [graph.reshape(places, [sizeOf(dy.shape)]), graph.reshape(upstream, [sizeOf(dy.shape)])];
    const sums = graph.operator("ScatterElements", [zeros, ...flat], { axis: 0, reduction: "add" });
    const space = x.shape.slice(1, -1);
    const first = graph.reshape(sums, [x.shape[0], x.shape[rank - 1], ...space]);
    graph.bind(output, graph.operator("Transpose", [first], { perm: lastOf(rank) }));
  },
};

/** Each number of a window gets an equal part of its gradient. As in tfjs, padding counts here. */
const averageGradientOperation: Operation = {
  name: "AvgPoolGradient",
  lower(graph, { attributes, inputs: [dy], outputs: [output] }) {
    const window = attributes as unknown as Window;
    const { rank, input } = channelsFirst(graph, graph.value(dy), dy.shape.length);
    const channels = dy.shape[rank - 1];
    const share = graph.scalar("float32", 1 / sizeOf(window.filter));
    const filter = graph.operator("Expand", [share, graph.integers([channels, 1, ...window.filter])]);
    const gradient = inputGradient(graph, input, filter, window, channels);
    graph.bind(output, graph.operator("Transpose", [gradient], { perm: lastOf(rank) }));
  },
};

function channelsFirst(graph: GraphBuilder, x: string, rank: number): { rank: number; input: string } {
  const space = Array.from({ length: rank - 2 }, (_, axis) => axis + 1);
  return { rank, input: graph.operator("Transpose", [x], { perm: [0, rank - 1, ...space] }) };
}

function lastOf(rank: number): number[] {
  return [0, ...Array.from({ length: rank - 2 }, (_, axis) => axis + 2), 1];
}

function windowAttributes(attributes: Readonly<Record<string, unknown>>) {
  const window = attributes as unknown as Window;
  return {
    kernel_shape: window.filter,
    strides: window.strides,
    pads: [...window.before, ...padsAfter(window)],
  };
}
