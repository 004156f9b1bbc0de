import type { OnnxGraph, OnnxValue } from "../model/onnx-model.js";
import type { PreparedGraph } from "../recording/prepared-graph.js";
import type { Entry, RecordedNode } from "../recording/recorded-node.js";
import { sizeOf } from "../recording/tensor-shape.js";
import { type ExternalData, sentinel } from "../runtime/onnx-runtime.js";
import { bindWeight } from "./bind-weight.js";
import type { FrozenWeights } from "./frozen-weight.js";
import { GraphBuilder } from "./graph-builder.js";
import type { Operation } from "./operation.js";

/** The ONNX graph of a recording, and how the recording's leaves and outputs are called in it. */
export interface LoweredGraph {
  readonly graph: OnnxGraph;
  readonly externalData: readonly ExternalData[];
  /** For each leaf the name of the graph's input, or undefined where the values are part of the graph. */
  readonly inputNames: readonly (string | undefined)[];
  /** In the order of the prepared outputs. */
  readonly outputNames: readonly string[];
  /** Constants among the leaves, which another run must repeat to use this graph. */
  readonly constants: readonly { readonly leaf: number; readonly value: number }[];
  /** Most bytes that the results of the nodes take at once. */
  readonly peakBytes: number;
}

export interface LowerOptions {
  /** Leaves that are single numbers and yet inputs, because they were seen to change. */
  readonly variableLeaves: ReadonlySet<number>;
  /** Leaves that are part of the graph. */
  readonly frozen: FrozenWeights;
  /** Whether the graph begins with the output `sentinel`. */
  readonly withSentinel: boolean;
}

/** Turns a prepared graph into operators of ONNX. */
export function lowerGraph(
  prepared: PreparedGraph<RecordedNode<Operation>>,
  { variableLeaves, frozen, withSentinel }: LowerOptions,
): LoweredGraph {
  const graph = new GraphBuilder(prepared);
  const constants: { leaf: number; value: number }[] = [];
  const inputNames = prepared.leaves.map((edge, leaf) => {
    const { entry } = edge;
    const name = `i${leaf}`;
    const weight = frozen.get(entry);
    if (weight) return bindWeight(graph, prepared.nodes, edge, weight, name) ? name : undefined;
    if (entry.constant && !variableLeaves.has(leaf)) {
      const value = entry.values![0];
      constants.push({ leaf, value });
      graph.bindSmall(entry, { name: graph.scalar(entry.type, value), shape: [] });
      return undefined;
    }
    graph.input(name, edge);
    return name;
  });
  for (const node of prepared.nodes) {
    graph.current = node;
    node.operation.lower(graph, node);
  }
  graph.current = undefined;
  const outputNames = prepared.outputs.map((entry) => graph.output(entry));
  const outputs: OnnxValue[] = prepared.outputs.map(({ type, shape }, place) => ({
    name: outputNames[place],
    type,
    shape,
  }));
  if (withSentinel) {
    outputs.unshift({ name: sentinel, type: "bfloat16", shape: [] });
    graph.sentinel();
  }
  const { nodes, inputs, externalData } = graph;
  return {
    graph: { name: "recorded", nodes, constants: graph.constants, inputs, outputs },
    externalData,
    inputNames,
    outputNames,
    constants,
    peakBytes: peakBytesOf(prepared),
  };
}

// --- internal ---

/** Adds up the results that are alive together, were each freed after its last reader. */
function peakBytesOf({ nodes, outputs }: PreparedGraph): number {
  const lastReader = new Map<Entry, RecordedNode>();
  for (const node of nodes) for (const { entry } of node.inputs) if (entry.node) lastReader.set(entry, node);
  for (const entry of outputs) lastReader.delete(entry);
  let bytes = 0;
  let peak = 0;
  for (const node of nodes) {
    for (const entry of node.outputs) bytes += bytesOf(entry);
    peak = Math.max(peak, bytes);
    for (const entry of new Set(node.inputs.map((edge) => edge.entry))) {
      if (lastReader.get(entry) === node) bytes -= bytesOf(entry);
    }
  }
  return peak;
}

function bytesOf({ type, shape }: Entry): number {
  return sizeOf(shape) * (type === "bool" ? 1 : 4);
}
