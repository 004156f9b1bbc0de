import type { Operation } from "../graph/operation.js";
import { sizeOf } from "../recording/tensor-shape.js";
import { type KernelTable, kernel } from "./kernel.js";

/**
 * Two kernels that tfjs has not: the cross entropy of one label a row, and its gradient. Composed of operations of tfjs
 * the pair writes seven tables of the size of the logits; these write three, in place. A program finds out whether a
 * backend has them with `getKernel("SparseCrossEntropy", getBackend())` and calls them with `engine().runKernel`.
 *
 * - `SparseCrossEntropy`, inputs `logits` [n, vocab] and `labels` [n], int32 in [0, vocab): `[nats [n], logProbs [n, vocab]]`
 * - `SparseCrossEntropyGrad`, inputs `upstream` [n], `logProbs`, `labels`: `upstream * (softmax(logits) - [column = label])`
 */
export const crossEntropyKernels: KernelTable = {
  SparseCrossEntropy: kernel(({ logits, labels }, _, recorder) =>
    recorder.record(crossEntropyOperation, [logits, labels], {}, [
      { shape: labels.shape, dtype: "float32" },
      { shape: logits.shape, dtype: "float32" },
    ]),
  ),
  SparseCrossEntropyGrad: kernel(({ upstream, logProbs, labels }, _, recorder) => {
    const inputs = [upstream, logProbs, labels];
    return recorder.record(crossEntropyGradOperation, inputs, {}, [logProbs])[0];
  }),
};

// --- internal ---

const crossEntropyOperation: Operation = {
  name: "SparseCrossEntropy",
  lower(graph, { inputs: [logits, labels], outputs: [nats, logProbs] }) {
    const count = sizeOf(labels.shape);
    const table = graph.operator("LogSoftmax", [graph.value(logits)], { axis: -1 });
    const column = graph.reshape(graph.value(labels), [count, 1]);
    const ofLabel = graph.operator("GatherElements", [table, column], { axis: 1 }); // [n, 1]
    graph.bind(nats, graph.reshape(graph.operator("Neg", [ofLabel]), nats.shape));
    graph.bind(logProbs, table);
  },
};

const crossEntropyGradOperation: Operation = {
  name: "SparseCrossEntropyGrad",
  lower(graph, { inputs: [upstream, logProbs, labels], outputs: [output] }) {
    const count = sizeOf(labels.shape);
    const factor = graph.reshape(graph.value(upstream), [count, 1]);
    const scaled = graph.operator("Mul", [graph.operator("Exp", [graph.value(logProbs)]), factor]);
    const column = graph.reshape(graph.value(labels), [count, 1]);
    const minus = graph.operator("Neg", [factor]);
    const gradient = graph.operator("ScatterElements", [scaled, column, minus], {
      axis: 1,
      reduction: "add",
    });
    graph.bind(output, gradient);
  },
};
