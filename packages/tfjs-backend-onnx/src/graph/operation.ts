import type { RecordedNode } from "../recording/recorded-node.js";
import type { GraphBuilder } from "./graph-builder.js";

/** How a recorded node becomes ONNX. */
export interface Operation {
  /** The tfjs kernel, or what a part of it does. Together with the attributes it says everything about the result. */
  readonly name: string;
  /** Adds the node's ONNX operators to the graph and binds each of its outputs. */
  lower(graph: GraphBuilder, node: RecordedNode): void;
}
