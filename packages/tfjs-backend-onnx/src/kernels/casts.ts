import type { GraphBuilder } from "../graph/graph-builder.js";
import type { ComputedType } from "../recording/recorded-node.js";

/**
 * A cast as JavaScript makes it: floats lose their fraction and wrap around, NaN and infinities become 0, and every
 * number but 0 is true.
 */
export function castAs(graph: GraphBuilder, name: string, from: ComputedType, to: ComputedType): string {
  if (from === to) return name;
  if (from === "float32" && to === "int32") {
    // By way of 64 bits, of which the lower half is what JavaScript keeps; a direct cast saturates. Beyond them all
    // floats are multiples of 2^32, which leave 0.
    const fits = graph.operator("Less", [graph.operator("Abs", [name]), graph.scalar("float32", 2 ** 63)]);
    const bounded = graph.operator("Where", [fits, name, graph.scalar("float32", 0)]);
    return graph.cast(graph.cast(bounded, "int64"), "int32");
  }
  return from === "bool" ? graph.castTruth(name, to) : graph.cast(name, to);
}
