import type { GraphBuilder } from "../graph/graph-builder.js";
import type { ComputedType } from "../recording/recorded-node.js";

/**
 * A cast as JavaScript makes it: floats lose their fraction and wrap around, NaN and infinities become 0, and every
 * number but 0 is true.
 */
export function castAs(graph: GraphBuilder, name: string, from: ComputedType, to: ComputedType): string {
  if (from === to) return name;
  if (from === "float32" && to === "int32") {
    // By way of 64 bits: the lower half of the integer is ToInt32 of the number, and the direct cast saturates.
    return graph.cast(graph.cast(name, "int64"), "int32");
  }
  return graph.cast(name, to);
}
