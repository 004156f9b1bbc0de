import type { Factor, GraphBuilder } from "../graph/graph-builder.js";

/**
 * A product with a weight of integers. Each row of the left factor is divided by its largest number and rounded to 255
 * steps; integers are multiplied, and the result is scaled back by row and by column. So a row's result does not depend
 * on the other rows, as it would if all were rounded to the same steps.
 *
 * @param left - float32; shape [..., rows, inner]
 * @returns shape [..., rows, columns]
 */
export function buildInt8Product(
  graph: GraphBuilder,
  left: string,
  { values, scales }: Extract<Factor, { kind: "integers" }>,
): string {
  const step = graph.scalar("float32", 1 / 127);
  const zero = graph.scalar("uint8", 128);
  const largest = graph.once(`largest of ${left}`, () => {
    const magnitudes = graph.operator("Abs", [left]);
    const found = graph.operator("ReduceMax", [magnitudes, graph.integers([-1])], { keepdims: 1 });
    return graph.operator("Max", [found, graph.scalar("float32", smallestLargest)]);
  });
  // Rows that several weights are applied to, as queries, keys and values are, are rounded once.
  const rounded = graph.once(`rounded ${left}`, () =>
    graph.operator("QuantizeLinear", [graph.operator("Div", [left, largest]), step, zero]),
  );
  const inputs = [rounded, values, step, scales, zero];
  const product = graph.operator("MatMulIntegerToFloat", inputs, {}, "com.microsoft");
  return graph.operator("Mul", [product, largest]);
}

// --- internal ---

/** For rows of zeros, which may not be divided by zero. */
const smallestLargest = 1e-30;
