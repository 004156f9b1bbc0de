import type { FusedBatchNormAttrs, LogSoftmaxAttrs, LRNAttrs, SoftmaxAttrs } from "@tensorflow/tfjs-core";
import type { Operation } from "../graph/operation.js";
import { type KernelTable, kernel } from "./kernel.js";

/** Distributions and normalisations. */
export const normalisingKernels: KernelTable = {
  Softmax: kernel<SoftmaxAttrs>(
    ({ logits }, { dim }, recorder) =>
      recorder.record(softmaxOperation, [logits], { axis: dim }, [logits])[0],
  ),
  LogSoftmax: kernel<LogSoftmaxAttrs>(
    ({ logits }, { axis }, recorder) => recorder.record(logSoftmaxOperation, [logits], { axis }, [logits])[0],
  ),
  FusedBatchNorm: kernel<FusedBatchNormAttrs>(
    ({ x, mean, variance, scale, offset }, { varianceEpsilon }, recorder) => {
      const optional = [scale, offset].filter((input) => input);
      const attributes = {
        epsilon: varianceEpsilon ?? 1e-3,
        scaled: Number(!!scale),
        moved: Number(!!offset),
      };
      return recorder.record(batchNormOperation, [x, mean, variance, ...optional], attributes, [x])[0];
    },
  ),
  LRN: kernel<LRNAttrs>(
    ({ x }, { depthRadius, bias, alpha, beta }, recorder) =>
      recorder.record(lrnOperation, [x], { depthRadius, bias, alpha, beta }, [x])[0],
  ),
};

// --- internal ---

const softmaxOperation: Operation = {
  name: "Softmax",
  lower(graph, { attributes, inputs: [x], outputs: [output] }) {
    graph.bind(output, graph.operator("Softmax", [graph.value(x)], { axis: attributes.axis as number }));
  },
};

const logSoftmaxOperation: Operation = {
  name: "LogSoftmax",
  lower(graph, { attributes, inputs: [x], outputs: [output] }) {
    graph.bind(output, graph.operator("LogSoftmax", [graph.value(x)], { axis: attributes.axis as number }));
  },
};

/** (x - mean) * scale / sqrt(variance + epsilon) + offset, over whichever axes the statistics keep. */
const batchNormOperation: Operation = {
  name: "FusedBatchNorm",
  lower(graph, { attributes, inputs: [x, mean, variance, ...rest], outputs: [output] }) {
    const scale = attributes.scaled === 1 ? graph.small(rest[0]).name : undefined;
    const offset = attributes.moved === 1 ? graph.small(rest[rest.length - 1]).name : undefined;
    const epsilon = graph.scalar("float32", attributes.epsilon as number);
    const spread = graph.operator("Sqrt", [graph.operator("Add", [graph.small(variance).name, epsilon])]);
    const centred = graph.operator("Sub", [graph.value(x), graph.small(mean).name]);
    const scaled = scale ? graph.operator("Mul", [centred, scale]) : centred;
    const normal = graph.operator("Div", [scaled, spread]);
    graph.bind(output, offset ? graph.operator("Add", [normal, offset]) : normal);
  },
};

/** x * (bias + alpha * sum of the squares of the neighbouring channels)^-beta */
const lrnOperation: Operation = {
  name: "LRN",
  lower(graph, { attributes, inputs: [x], outputs: [output] }) {
    const { depthRadius, bias, alpha, beta } = attributes as Record<string, number>;
    const size = 2 * depthRadius + 1;
    const channelsFirst = graph.operator("Transpose", [graph.value(x)], { perm: [0, 3, 1, 2] });
    const normal = graph.operator("LRN", [channelsFirst], {
      size,
      alpha: { float: alpha * size }, // ONNX divides by the size
      beta: { float: beta },
      bias: { float: bias },
    });
    graph.bind(output, graph.operator("Transpose", [normal], { perm: [0, 2, 3, 1] }));
  },
};
