import { backend_util, type ScatterNdAttrs, type UnsortedSegmentSumAttrs } from "@tensorflow/tfjs-core";
import type { GraphBuilder } from "../graph/graph-builder.js";
import type { Operation } from "../graph/operation.js";
import type { Edge } from "../recording/recorded-node.js";
import { sizeOf } from "../recording/tensor-shape.js";
import { addRows, smallTable } from "./add-rows.js";
import { sumOfAscending } from "./ascending-rows.js";
import { castAs } from "./casts.js";
import { checkCoordinates, indicesOf } from "./index-range.js";
import { type KernelTable, kernel } from "./kernel.js";

/** Writing and adding by index. An index out of range is an error, as `index-range.ts` says; a segment out of range is left out. */
export const scatteringKernels: KernelTable = {
  UnsortedSegmentSum: kernel<UnsortedSegmentSumAttrs>(({ x, segmentIds }, { numSegments }, recorder) => {
    const shape = [numSegments, ...x.shape.slice(segmentIds.shape.length)];
    if (sizeOf(x.shape) === 0) return recorder.fill(shape, x.dtype, 0);
    const ids = recorder.known(segmentIds);
    if (ids && x.dtype === "float32" && segmentIds.shape.length === 1) {
      const sum = sumOfAscending(x, segmentIds, ids, shape, recorder);
      if (sum) return sum;
    }
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
};

// --- internal ---

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
