import type { TensorInfo } from "@tensorflow/tfjs-core";
import type { Operation } from "../graph/operation.js";
import type { KernelRecorder } from "../recording/kernel-recorder.js";

/** A tensor repeated to a larger shape; takes no memory until an operator needs it in full. */
export function broadcastTo(x: TensorInfo, shape: readonly number[], recorder: KernelRecorder): TensorInfo {
  return recorder.record(broadcastOperation, [x], {}, [{ shape, dtype: x.dtype }])[0];
}

// --- internal ---

const broadcastOperation: Operation = {
  name: "BroadcastTo",
  lower(graph, { inputs: [x], outputs: [output] }) {
    graph.bindSmall(output, graph.small(x));
  },
};
