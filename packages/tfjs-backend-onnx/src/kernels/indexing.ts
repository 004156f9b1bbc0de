import {
  backend_util,
  type DenseBincountAttrs,
  type GatherV2Attrs,
  gather_util,
  type OneHotAttrs,
  type ScatterNdAttrs,
  type TensorInfo,
  type UnsortedSegmentSumAttrs,
  util,
} from "@tensorflow/tfjs-core";
import type { GraphBuilder } from "../graph/graph-builder.js";
import type { Operation } from "../graph/operation.js";
import { OnnxBackendError } from "../onnx-backend-error.js";
import type { KernelRecorder } from "../recording/kernel-recorder.js";
import type { Edge } from "../recording/recorded-node.js";
import { sizeOf } from "../recording/tensor-shape.js";
import { castAs } from "./casts.js";
import { type KernelTable, kernel } from "./kernel.js";

/**
 * Reading and writing by index. An index out of range is an error: at the call where the indices are known on the host,
 * as those of a batch of tokens are, else when the graph runs.
 */
export const indexingKernels: KernelTable = {
  GatherV2: kernel<GatherV2Attrs>(({ x, indices }, { axis, batchDims }, recorder) => {
    const place = util.parseAxisParam(axis, x.shape)[0];
    const known = checkKnown("GatherV2", indices, x.shape[place], recorder);
    const { batchSize, outerSize, dimSize, sliceSize, outputShape } =
      backend_util.segment_util.collectGatherOpShapeInfo(x as never, indices as never, place, batchDims ?? 0);
    const attributes = { axis: place, known: Number(known), batchSize, outerSize, dimSize, sliceSize };
    const operation = batchDims > 0 ? batchGatherOperation : gatherOperation;
    if (batchDims > 0 && sizeOf(outputShape) > 0 && sizeOf(x.shape) === 0) throw outOfRange("GatherV2", 0, 0);
    return recorder.record(operation, [x, indices], attributes, [{ shape: outputShape, dtype: x.dtype }])[0];
  }),
  GatherNd: kernel(({ params, indices }, _, recorder) => {
    const [shape] = gather_util.prepareAndValidate(params as never, indices as never);
    if (sizeOf(shape) > 0 && sizeOf(params.shape) === 0) throw outOfRange("GatherNd", 0, 0);
    if (indices.shape.at(-1) === 0) {
      const whole = recorder.share(params, [...indices.shape.slice(0, -1).map(() => 1), ...params.shape]);
      const reps = whole.shape.map((_, axis) => (axis < indices.shape.length - 1 ? indices.shape[axis] : 1));
      return recorder.replace(
        whole,
        recorder.record(repeatOperation, [whole], { reps }, [{ shape, dtype: params.dtype }])[0],
      );
    }
    return recorder.record(gatherNdOperation, [params, indices], {}, [{ shape, dtype: params.dtype }])[0];
  }),
  UnsortedSegmentSum: kernel<UnsortedSegmentSumAttrs>(({ x, segmentIds }, { numSegments }, recorder) => {
    const shape = [numSegments, ...x.shape.slice(segmentIds.shape.length)];
    if (sizeOf(x.shape) === 0) return recorder.fill(shape, x.dtype, 0);
    const ids = recorder.known(segmentIds);
    const inRange = ids?.every((id) => id >= 0 && id < numSegments) ?? false;
    return recorder.record(segmentSumOperation, [x, segmentIds], { inRange: Number(inRange) }, [
      { shape, dtype: x.dtype },
    ])[0];
  }),
  ScatterNd: kernel<ScatterNdAttrs>(({ indices, updates }, { shape }, recorder) => {
    if (sizeOf(updates.shape) === 0) return recorder.fill(shape, updates.dtype, 0);
    checkCoordinates("ScatterNd", indices, shape, recorder);
    return recorder.record(scatterOperation, [indices, updates], { shape }, [
      { shape, dtype: updates.dtype },
    ])[0];
  }),
  TensorScatterUpdate: kernel(({ tensor, indices, updates }, _, recorder) => {
    if (sizeOf(updates.shape) === 0) return recorder.share(tensor, tensor.shape);
    checkCoordinates("TensorScatterUpdate", indices, tensor.shape, recorder);
    return recorder.record(scatterUpdateOperation, [indices, updates, tensor], { shape: tensor.shape }, [
      tensor,
    ])[0];
  }),
  SparseToDense: kernel<{ outputShape: number[] }>(
    ({ sparseIndices, sparseValues, defaultValue }, { outputShape: shape }, recorder) => {
      const { sliceRank, numUpdates } = backend_util.calculateShapes(
        sparseValues as never,
        sparseIndices as never,
        shape,
      );
      const result = [{ shape, dtype: sparseValues.dtype }];
      const indices = recorder.share(sparseIndices, [numUpdates, sliceRank]);
      const rest = sizeOf(shape.slice(sliceRank));
      const updates = recorder.share(
        sparseValues,
        sizeOf(sparseValues.shape) === 1 ? [1, 1] : [numUpdates, rest],
      );
      checkCoordinates("SparseToDense", indices, shape, recorder);
      const dense = recorder.record(
        sparseToDenseOperation,
        [indices, updates, defaultValue],
        { shape, numUpdates, rest },
        result,
      )[0];
      return recorder.replace(indices, recorder.replace(updates, dense));
    },
  ),
  OneHot: kernel<OneHotAttrs>(({ indices }, { depth, onValue, offValue, dtype }, recorder) => {
    const attributes = { depth, on: onValue, off: offValue };
    return recorder.record(oneHotOperation, [indices], attributes, [
      { shape: [...indices.shape, depth], dtype: dtype ?? "int32" },
    ])[0];
  }),
  Bincount: kernel<{ size: number }>(({ x, weights }, { size }, recorder) => {
    const dtype = sizeOf(weights.shape) > 0 ? weights.dtype : "int32";
    if (sizeOf(x.shape) === 0) return recorder.fill([size], dtype, 0);
    const inputs = sizeOf(weights.shape) > 0 ? [x, weights] : [x];
    return recorder.record(bincountOperation, inputs, { size, rows: 1, binary: 0 }, [
      { shape: [size], dtype },
    ])[0];
  }),
  DenseBincount: kernel<DenseBincountAttrs>(({ x, weights }, { size, binaryOutput }, recorder) => {
    const rows = x.shape.length === 2 ? x.shape[0] : 1;
    const shape = x.shape.length === 2 ? [rows, size] : [size];
    const dtype = sizeOf(weights.shape) > 0 ? weights.dtype : "int32";
    if (sizeOf(x.shape) === 0) return recorder.fill(shape, dtype, 0);
    const inputs = sizeOf(weights.shape) > 0 ? [x, weights] : [x];
    const attributes = { size, rows, binary: Number(binaryOutput ?? false) };
    return recorder.record(bincountOperation, inputs, attributes, [{ shape, dtype }])[0];
  }),
};

// --- internal ---

/** @returns whether the indices are known, and so proved to be in range */
function checkKnown(name: string, indices: TensorInfo, limit: number, recorder: KernelRecorder): boolean {
  const values = recorder.known(indices);
  if (!values) return false;
  for (const value of values) if (!(value >= 0 && value < limit)) throw outOfRange(name, value, limit);
  return true;
}

/** The same for places with several coordinates. */
function checkCoordinates(
  name: string,
  indices: TensorInfo,
  shape: readonly number[],
  recorder: KernelRecorder,
): void {
  const values = recorder.known(indices);
  const depth = indices.shape.length > 1 ? indices.shape.at(-1)! : 1;
  values?.forEach((value, place) => {
    const limit = shape[place % depth];
    if (!(value >= 0 && value < limit)) throw outOfRange(name, value, limit);
  });
}

function outOfRange(name: string, index: number, limit: number): OnnxBackendError {
  return new OnnxBackendError({
    code: "INDEX_OUT_OF_RANGE",
    component: "kernels",
    problem: `expected the indices of ${name} in [0, ${limit - 1}], got ${index}`,
    remedy: "Check the indices before the call",
  });
}

/** Negative indices, which ONNX counts from the end, moved to where they are an error. */
function withoutNegatives(graph: GraphBuilder, indices: string, limit: number): string {
  const negative = graph.operator("Less", [indices, graph.scalar("int32", 0)]);
  return graph.operator("Where", [negative, graph.scalar("int32", limit), indices]);
}

function indicesOf(graph: GraphBuilder, edge: Edge): string {
  return castAs(graph, graph.value(edge), edge.entry.type, "int32");
}

const gatherOperation: Operation = {
  name: "GatherV2",
  lower(graph, { attributes, inputs: [x, indices], outputs: [output] }) {
    const axis = attributes.axis as number;
    const given = indicesOf(graph, indices);
    const places = attributes.known === 1 ? given : withoutNegatives(graph, given, x.shape[axis]);
    graph.bind(output, graph.operator("Gather", [graph.value(x), places], { axis }));
  },
};

/** Each row of a batch has its own indices: rows are laid end to end and the indices moved along. */
const batchGatherOperation: Operation = {
  name: "GatherV2",
  lower(graph, { attributes, inputs: [x, indices], outputs: [output] }) {
    const [batch, outer] = [attributes.batchSize as number, attributes.outerSize as number];
    const [size, inner] = [attributes.dimSize as number, attributes.sliceSize as number];
    const chosen = sizeOf(indices.shape) / batch;
    const table = graph.operator("Transpose", [graph.reshape(graph.value(x), [batch, outer, size, inner])], {
      perm: [0, 2, 1, 3],
    });
    const rows = graph.reshape(table, [batch * size, outer * inner]);
    const given = graph.reshape(indicesOf(graph, indices), [batch, chosen]);
    const offsets = graph.int32(
      Int32Array.from({ length: batch }, (_, row) => row * size),
      [batch, 1],
    );
    const moved = graph.operator("Add", [given, offsets]);
    const valid = graph.operator("And", [
      graph.operator("GreaterOrEqual", [given, graph.scalar("int32", 0)]),
      graph.operator("Less", [given, graph.scalar("int32", size)]),
    ]);
    const places = graph.operator("Where", [valid, moved, graph.scalar("int32", batch * size)]);
    const gathered = graph.operator("Gather", [rows, places], { axis: 0 });
    const ordered = graph.operator("Transpose", [graph.reshape(gathered, [batch, chosen, outer, inner])], {
      perm: [0, 2, 1, 3],
    });
    graph.bind(output, graph.reshape(ordered, output.shape));
  },
};

const gatherNdOperation: Operation = {
  name: "GatherNd",
  lower(graph, { inputs: [x, indices], outputs: [output] }) {
    const places = withoutNegatives(graph, indicesOf(graph, indices), 2 ** 31 - 1);
    const gathered = graph.operator("GatherND", [graph.value(x), graph.cast(places, "int64")]);
    graph.bind(output, graph.reshape(gathered, output.shape));
  },
};

const repeatOperation: Operation = {
  name: "GatherNd",
  lower(graph, { attributes, inputs: [x], outputs: [output] }) {
    const tiled = graph.operator("Tile", [graph.value(x), graph.integers(attributes.reps as number[])]);
    graph.bind(output, graph.reshape(tiled, output.shape));
  },
};

/** Tables up to this many rows are filled by a matrix product with one-hot rows, which uses all threads. */
const smallTable = 256;

const segmentSumOperation: Operation = {
  name: "UnsortedSegmentSum",
  lower(graph, { attributes, inputs: [x, segmentIds], outputs: [output] }) {
    const rows = sizeOf(segmentIds.shape);
    const width = sizeOf(x.shape) / rows;
    const segments = output.shape[0];
    const ids = graph.reshape(indicesOf(graph, segmentIds), [rows]);
    const updates = graph.reshape(graph.value(x), [rows, width]);
    const inRange = attributes.inRange === 1;
    const sums = addRows(graph, { ids, updates, rows, width, segments, inRange, type: output.type });
    graph.bind(output, graph.reshape(sums, output.shape));
  },
};

interface RowSum {
  /** int32 [rows] */
  readonly ids: string;
  /** [rows, width] */
  readonly updates: string;
  readonly rows: number;
  readonly width: number;
  readonly segments: number;
  /** Whether the ids are known to lie in [0, segments); others are left out. */
  readonly inRange: boolean;
  readonly type: "float32" | "int32" | "bool";
}

/**
 * `sums[ids[row]] += updates[row]`, of shape [segments, width]. Never by ScatterND with a reduction: on several threads
 * it loses updates.
 */
function addRows(
  graph: GraphBuilder,
  { ids, updates, rows, width, segments, inRange, type }: RowSum,
): string {
  if (type === "float32" && segments <= smallTable) {
    const columns = graph.int32(Int32Array.from({ length: segments }, (_, segment) => segment));
    const hits = graph.operator("Equal", [graph.reshape(ids, [rows, 1]), columns]); // [rows, segments]
    return graph.operator("Gemm", [graph.cast(hits, "float32"), updates], { transA: 1 });
  }
  // Ids out of range go to a row of their own, which is cut off.
  const height = inRange ? segments : segments + 1;
  const below = graph.operator("Less", [ids, graph.scalar("int32", 0)]);
  const above = graph.operator("GreaterOrEqual", [ids, graph.scalar("int32", segments)]);
  const outside = inRange ? "" : graph.operator("Or", [below, above]);
  const places = inRange ? ids : graph.operator("Where", [outside, graph.scalar("int32", segments), ids]);
  const expanded = graph.operator("Expand", [
    graph.reshape(places, [rows, 1]),
    graph.integers([rows, width]),
  ]);
  const sums = graph.operator(
    "ScatterElements",
    [zeros(graph, ids, [height, width], type), expanded, updates],
    {
      axis: 0,
      reduction: "add",
    },
  );
  if (inRange) return sums;
  return graph.operator("Slice", [
    sums,
    graph.integers([0]),
    graph.integers([segments]),
    graph.integers([0]),
  ]);
}

/**
 * Zeros that are written by the run, and not folded into a constant as large as the table. `integers` is any int32
 * value of the graph.
 */
function zeros(
  graph: GraphBuilder,
  integers: string,
  shape: readonly number[],
  type: "float32" | "int32" | "bool",
): string {
  const first = graph.operator("Slice", [
    integers,
    graph.integers([0]),
    graph.integers([1]),
    graph.integers([0]),
  ]);
  const zero = graph.cast(graph.operator("Sub", [first, first]), type);
  return graph.operator("Expand", [
    graph.reshape(
      zero,
      shape.map(() => 1),
    ),
    graph.integers(shape),
  ]);
}

/** Coordinates [n, depth] as places in the flattened leading axes; a coordinate out of range makes the place one. */
function flatPlaces(
  graph: GraphBuilder,
  indices: Edge,
  shape: readonly number[],
): { places: string; depth: number } {
  const depth = indices.shape.length > 1 ? indices.shape.at(-1)! : 1;
  const count = sizeOf(indices.shape) / depth;
  const given = graph.reshape(indicesOf(graph, indices), [count, depth]);
  const limits = graph.int32(Int32Array.from(shape.slice(0, depth)));
  const strides = graph.int32(
    Int32Array.from({ length: depth }, (_, axis) => sizeOf(shape.slice(axis + 1, depth))),
  );
  const below = graph.operator("Less", [given, graph.scalar("int32", 0)]);
  const outside = graph.operator("Or", [below, graph.operator("GreaterOrEqual", [given, limits])]);
  const invalid = graph.scalar("int32", sizeOf(shape.slice(0, depth)));
  const terms = graph.operator("Where", [outside, invalid, graph.operator("Mul", [given, strides])]);
  return { places: graph.operator("ReduceSum", [terms, graph.integers([1])], { keepdims: 0 }), depth };
}

const scatterOperation: Operation = {
  name: "ScatterNd",
  lower(graph, { attributes, inputs: [indices, updates], outputs: [output] }) {
    const shape = attributes.shape as number[];
    const { places, depth } = flatPlaces(graph, indices, shape);
    const segments = sizeOf(shape.slice(0, depth));
    const width = sizeOf(shape.slice(depth));
    const rows = sizeOf(updates.shape) / width;
    const type = output.type === "bool" ? "int32" : output.type;
    const values = graph.reshape(castAs(graph, graph.value(updates), output.type, type), [rows, width]);
    const inRange = segments > smallTable; // where the scatter itself refuses what is out of range
    const sums = addRows(graph, { ids: places, updates: values, rows, width, segments, inRange, type });
    graph.bind(output, graph.reshape(castAs(graph, sums, type, output.type), output.shape));
  },
};

/** Writes rows over those of a table. */
function overwriteRows(
  graph: GraphBuilder,
  table: string,
  indices: Edge,
  updates: string,
  shape: readonly number[],
): string {
  const { places, depth } = flatPlaces(graph, indices, shape);
  const [segments, width] = [sizeOf(shape.slice(0, depth)), sizeOf(shape.slice(depth))];
  const rows = indices.shape.length > 1 ? sizeOf(indices.shape.slice(0, -1)) : sizeOf(indices.shape);
  const expanded = graph.operator("Expand", [
    graph.reshape(places, [rows, 1]),
    graph.integers([rows, width]),
  ]);
  return graph.operator("ScatterElements", [graph.reshape(table, [segments, width]), expanded, updates], {
    axis: 0,
  });
}

const scatterUpdateOperation: Operation = {
  name: "TensorScatterUpdate",
  lower(graph, { attributes, inputs: [indices, updates, tensor], outputs: [output] }) {
    const shape = attributes.shape as number[];
    const depth = indices.shape.length > 1 ? indices.shape.at(-1)! : 1;
    const width = sizeOf(shape.slice(depth));
    const rows = graph.reshape(graph.value(updates), [sizeOf(updates.shape) / width, width]);
    graph.bind(output, graph.reshape(overwriteRows(graph, graph.value(tensor), indices, rows, shape), shape));
  },
};

const sparseToDenseOperation: Operation = {
  name: "SparseToDense",
  lower(graph, { attributes, inputs: [indices, updates, defaultValue], outputs: [output] }) {
    const shape = attributes.shape as number[];
    const rows = graph.integers([attributes.numUpdates as number, attributes.rest as number]);
    const table = graph.operator("Expand", [
      graph.reshape(graph.value(defaultValue), []),
      graph.integers(shape),
    ]);
    const values = graph.operator("Expand", [graph.value(updates), rows]);
    graph.bind(output, graph.reshape(overwriteRows(graph, table, indices, values, shape), shape));
  },
};

const oneHotOperation: Operation = {
  name: "OneHot",
  lower(graph, { attributes, inputs: [indices], outputs: [output] }) {
    const depth = attributes.depth as number;
    const columns = graph.int32(Int32Array.from({ length: depth }, (_, column) => column));
    const hits = graph.operator("Equal", [
      graph.reshape(indicesOf(graph, indices), [...indices.shape, 1]),
      columns,
    ]);
    const { on, off } = attributes;
    if (on === 1 && off === 0) return graph.bind(output, castAs(graph, hits, "bool", output.type));
    const type = output.type === "bool" ? "int32" : output.type;
    const chosen = graph.operator("Where", [
      hits,
      graph.scalar(type, on as number),
      graph.scalar(type, off as number),
    ]);
    graph.bind(output, castAs(graph, chosen, type, output.type));
  },
};

/** Counts of the numbers 0 to size - 1 in each row; larger ones are left out. */
const bincountOperation: Operation = {
  name: "Bincount",
  lower(graph, { attributes, inputs: [x, weights], outputs: [output] }) {
    const { size, rows, binary } = attributes as { size: number; rows: number; binary: number };
    const count = sizeOf(x.shape);
    const perRow = count / rows;
    const given = graph.reshape(indicesOf(graph, x), [count]);
    const offsets = graph.int32(
      Int32Array.from({ length: count }, (_, place) => Math.floor(place / perRow) * size),
    );
    const tooLarge = graph.operator("GreaterOrEqual", [given, graph.scalar("int32", size)]);
    const moved = graph.operator("Add", [given, offsets]);
    const ids = graph.operator("Where", [tooLarge, graph.scalar("int32", rows * size), moved]);
    const type = output.type === "bool" ? "int32" : output.type;
    const ones = graph.operator("Expand", [graph.scalar(type, 1), graph.integers([count])]);
    const updates =
      weights && binary === 0 ? castAs(graph, graph.value(weights), weights.entry.type, type) : ones;
    const sums = addRows(graph, {
      ids,
      updates: graph.reshape(updates, [count, 1]),
      rows: count,
      width: 1,
      segments: rows * size,
      inRange: false,
      type,
    });
    const counts = binary === 1 ? graph.operator("Min", [sums, graph.scalar(type, 1)]) : sums;
    graph.bind(output, graph.reshape(castAs(graph, counts, type, output.type), output.shape));
  },
};
