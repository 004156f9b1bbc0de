import type { Operation } from "../graph/operation.js";

/** One number everywhere. It has no memory until an operator needs it in full. */
export const fillOperation: Operation = {
  name: "Fill",
  lower(graph, { attributes, outputs: [output] }) {
    graph.bindSmall(output, { name: graph.scalar(output.type, attributes.value as number), shape: [] });
  },
};
