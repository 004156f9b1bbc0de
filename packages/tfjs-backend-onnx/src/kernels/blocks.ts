import type { BatchToSpaceNDAttrs, DepthToSpaceAttrs, SpaceToBatchNDAttrs } from "@tensorflow/tfjs-core";
import type { Operation } from "../graph/operation.js";
import { sizeOf } from "../recording/tensor-shape.js";
import { type KernelTable, kernel } from "./kernel.js";

/** Blocks of space moved to and from other axes, and the diagonal. */
export const blockKernels: KernelTable = {
  DepthToSpace: kernel<DepthToSpaceAttrs>(({ x }, { blockSize, dataFormat }, recorder) => {
    const last = dataFormat === "NHWC";
    const [batch, height, width, depth] = last ? x.shape : [x.shape[0], x.shape[2], x.shape[3], x.shape[1]];
    const [high, wide, deep] = [height * blockSize, width * blockSize, depth / blockSize ** 2];
    const shape = last ? [batch, high, wide, deep] : [batch, deep, high, wide];
    const blocks = last
      ? [batch, height, width, blockSize, blockSize, deep]
      : [batch, blockSize, blockSize, deep, height, width];
    const perm = last ? [0, 1, 3, 2, 4, 5] : [0, 3, 4, 1, 5, 2];
    return recorder.record(blockOperation, [x], { blocks, perm }, [{ shape, dtype: x.dtype }])[0];
  }),
  SpaceToBatchND: kernel<SpaceToBatchNDAttrs>(({ x }, { blockShape, paddings }, recorder) => {
    const count = blockShape.length;
    const pads = [[0, 0], ...paddings, ...x.shape.slice(1 + count).map(() => [0, 0])];
    const padded = x.shape.map((size, axis) => size + pads[axis][0] + pads[axis][1]);
    const spatial = blockShape.map((block, place) => padded[1 + place] / block);
    const rest = padded.slice(1 + count);
    const blocks = [padded[0], ...blockShape.flatMap((block, place) => [spatial[place], block]), ...rest];
    const axes = blockShape.map((_, place) => place);
    const perm = [
      ...axes.map((place) => 2 * place + 2),
      0,
      ...axes.map((place) => 2 * place + 1),
      ...rest.map((_, place) => 1 + 2 * count + place),
    ];
    const shape = [padded[0] * sizeOf(blockShape), ...spatial, ...rest];
    const attributes = {
      pads: [...pads.map(([before]) => before), ...pads.map(([, after]) => after)],
      blocks,
      perm,
    };
    return recorder.record(blockOperation, [x], attributes, [{ shape, dtype: x.dtype }])[0];
  }),
  BatchToSpaceND: kernel<BatchToSpaceNDAttrs>(({ x }, { blockShape, crops }, recorder) => {
    const count = blockShape.length;
    const batch = x.shape[0] / sizeOf(blockShape);
    const spatial = x.shape.slice(1, 1 + count);
    const rest = x.shape.slice(1 + count);
    const axes = blockShape.map((_, place) => place);
    const blocks = [...blockShape, batch, ...spatial, ...rest];
    const perm = [
      count,
      ...axes.flatMap((place) => [count + 1 + place, place]),
      ...rest.map((_, place) => 2 * count + 1 + place),
    ];
    const whole = [batch, ...spatial.map((size, place) => size * blockShape[place]), ...rest];
    const starts = [0, ...crops.map(([before]) => before), ...rest.map(() => 0)];
    const shape = whole.map((size, axis) =>
      axis > 0 && axis <= count ? size - crops[axis - 1][0] - crops[axis - 1][1] : size,
    );
    return recorder.record(blockOperation, [x], { blocks, perm, whole, starts }, [
      { shape, dtype: x.dtype },
    ])[0];
  }),
  Diag: kernel(({ x }, _, recorder) => {
    return recorder.record(diagOperation, [x], {}, [{ shape: [...x.shape, ...x.shape], dtype: x.dtype }])[0];
  }),
};

// --- internal ---

/** Pads, cuts the axes into blocks, moves these, and crops the whole again: each part where it is asked for. */
const blockOperation: Operation = {
  name: "Blocks",
  lower(graph, { attributes, inputs: [x], outputs: [output] }) {
    const { pads, blocks, perm, whole, starts } = attributes as Record<string, number[] | undefined>;
    const zero = graph.scalar(output.type, 0);
    const padded = pads?.some((pad) => pad > 0)
      ? graph.operator("Pad", [graph.value(x), graph.integers(pads), zero])
      : graph.value(x);
    const moved = graph.operator("Transpose", [graph.reshape(padded, blocks!)], { perm: perm! });
    const joined = graph.reshape(moved, whole ?? output.shape);
    if (!starts) return graph.bind(output, joined);
    const ends = starts.map((start, axis) => start + output.shape[axis]);
    graph.bind(output, graph.operator("Slice", [joined, graph.integers(starts), graph.integers(ends)]));
  },
};

const diagOperation: Operation = {
  name: "Diag",
  lower(graph, { inputs: [x], outputs: [output] }) {
    const size = sizeOf(x.shape);
    const places = Int32Array.from({ length: size }, (_, place) => place);
    const onDiagonal = graph.operator("Equal", [graph.int32(places, [size, 1]), graph.int32(places)]);
    const type = output.type === "bool" ? "int32" : output.type;
    const row = graph.reshape(graph.value(x), [1, size]);
    const given = output.type === "bool" ? graph.cast(row, "int32") : row;
    const matrix = graph.operator("Where", [onDiagonal, given, graph.scalar(type, 0)]);
    graph.bind(
      output,
      graph.reshape(output.type === "bool" ? graph.cast(matrix, "bool") : matrix, output.shape),
    );
  },
};
