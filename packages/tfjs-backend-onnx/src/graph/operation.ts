import type { Edge, RecordedNode } from "../recording/recorded-node.js";
import type { GraphBuilder } from "./graph-builder.js";

/** A table that others are multiplied by. */
export interface RightFactor {
  readonly edge: Edge;
  readonly transposed: boolean;
}

/** How a recorded node becomes ONNX. */
export interface Operation {
  /** The tfjs kernel, or what a part of it does. Together with the attributes it says everything about the result. */
  readonly name: string;
  /** Adds the node's ONNX operators to the graph and binds each of its outputs. */
  lower(graph: GraphBuilder, node: RecordedNode): void;
  /** The input that is the right factor of a matrix product, for which a constant is packed. */
  rightFactor?(node: RecordedNode): RightFactor | undefined;
}
