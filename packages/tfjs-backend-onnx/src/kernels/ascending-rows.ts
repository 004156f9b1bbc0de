import type { TensorInfo } from "@tensorflow/tfjs-core";
import type { Operation } from "../graph/operation.js";
import type { KernelRecorder } from "../recording/kernel-recorder.js";
import type { Values } from "../recording/recorded-node.js";
import { sizeOf } from "../recording/tensor-shape.js";

/**
 * A sum of rows by ids, where the host knows that the ids ascend: the gradient of a choice of positions. Each row of the
 * result is then one row of `x`, or zeros, and is read by its place, on all threads; adding element by element takes
 * twenty times as long, on one. The last id alone may repeat, as padding does.
 *
 * Few ids ascend by accident, and each change of form is a graph of its own: below 64 ids, and for ids all equal, the answer is undefined.
 *
 * @param ids - the values of `segmentIds`
 * @param shape - of the sums: `[segments, ...]`
 */
export function sumOfAscending(
  x: TensorInfo,
  segmentIds: TensorInfo,
  ids: Values,
  shape: readonly number[],
  recorder: KernelRecorder,
): TensorInfo | undefined {
  const [count, segments] = [ids.length, shape[0]];
  const last = ids[count - 1];
  if (count < fewestRows || ids[0] < 0 || ids[0] === last || last >= segments) return undefined;
  for (let row = 1; row < count; row++) {
    if (ids[row] <= ids[row - 1] && (ids[row] < ids[row - 1] || ids[row] !== last)) return undefined;
  }
  const places = new Int32Array(segments).fill(count + 1); // after the rows come the sum of the last id's, and zeros
  for (let row = 0; row < count && ids[row] !== last; row++) places[ids[row]] = row;
  places[last] = count;
  const [placesTensor, lastTensor] = [places, Int32Array.of(last)].map((values) =>
    recorder.host([values.length], "int32", values),
  );
  const inputs = [x, segmentIds, placesTensor, lastTensor];
  const [sums] = recorder.record(ascendingOperation, inputs, {}, [{ shape, dtype: x.dtype }]);
  return recorder.replace(placesTensor, recorder.replace(lastTensor, sums));
}

// --- internal ---

const fewestRows = 64;

const ascendingOperation: Operation = {
  name: "SumOfAscending",
  lower(graph, { inputs: [x, segmentIds, places, last], outputs: [output] }) {
    const rows = segmentIds.shape[0];
    const width = sizeOf(x.shape) / rows;
    const updates = graph.reshape(graph.value(x), [rows, width]);
    const isLast = graph.operator("Equal", [graph.value(segmentIds), graph.value(last)]); // [rows]
    const weights = graph.reshape(graph.cast(isLast, "float32"), [1, rows]);
    const ofLast = graph.operator("MatMul", [weights, updates]); // [1, width]
    const zeros = graph.operator("Expand", [graph.scalar("float32", 0), graph.integers([1, width])]);
    const table = graph.operator("Concat", [updates, ofLast, zeros], { axis: 0 }); // [rows + 2, width]
    const sums = graph.operator("Gather", [table, graph.value(places)], { axis: 0 });
    graph.bind(output, graph.reshape(sums, output.shape));
  },
};
