import type { Edge, Entry, RecordedNode } from "../recording/recorded-node.js";
import { sameShape, sizeOf } from "../recording/tensor-shape.js";
import { quantize } from "../storage/int8-table.js";
import type { FrozenWeight } from "./frozen-weight.js";
import type { GraphBuilder } from "./graph-builder.js";
import type { Operation } from "./operation.js";

/**
 * Binds a frozen weight. As the right factor of a matrix product it is a constant, which the runtime packs, of floats
 * or of integers. A large table that is read otherwise, as an embedding is, stays an input for that: a constant would be
 * one more copy and bring nothing.
 *
 * @param inputName - the name to use for an input
 * @returns whether the weight is an input, perhaps among other things
 */
export function bindWeight(
  graph: GraphBuilder,
  nodes: readonly RecordedNode<Operation>[],
  edge: Edge,
  { number, dtype }: FrozenWeight,
  inputName: string,
): boolean {
  const { entry } = edge;
  const readers = nodes.filter(({ inputs }) => inputs.some((input) => input.entry === entry));
  const factors = readers.flatMap((node) => factorOf(node, entry) ?? []);
  const table = dtype === "q8" && factors.length > 0 ? int8Of(entry, factors[0].transposed) : undefined;
  const packed = factors.filter(({ transposed }) => !table || transposed === table.transposed);
  const location = `frozen${number}`;
  const isInput = sizeOf(entry.shape) >= smallestInput && entry.shape.length <= 2;
  const isRead = packed.length < readers.length; // otherwise than as a factor
  if (isRead && isInput) graph.input(inputName, edge);
  else if (isRead) graph.bindConstant(edge, { location, offset: 0 });
  if (table) graph.bindInt8Factor(entry, table, location);
  else if (packed.length > 0 && (isInput || !isRead)) graph.bindFactor(entry, location);
  if (table && !isRead) entry.releaseFloats();
  return isRead && isInput;
}

// --- internal ---

/** Numbers that a weight has at least to stay an input; smaller ones let the runtime fuse norms and activations. */
const smallestInput = 16_384;

/** How a node multiplies by an entry, if that is all that it does with it. */
function factorOf({ operation, ...node }: RecordedNode<Operation>, entry: Entry) {
  const factor = operation.rightFactor?.({ operation, ...node });
  const isWhole = factor?.edge.entry === entry && sameShape(factor.edge.shape, entry.shape);
  return isWhole && node.inputs.filter((edge) => edge.entry === entry).length === 1 ? factor : undefined;
}

function int8Of(entry: Entry, transposed: boolean) {
  entry.int8 ??= quantize(entry.hostValues() as Float32Array, entry.shape, transposed);
  return entry.int8;
}
