import type { OnnxConstant, OnnxGraph, OnnxNode, OnnxValue } from "./onnx-model.js";

/** An axis whose size is left open. */
export interface OpenAxis {
  /** The input of the graph, and its axis, from which the size is read when the graph runs. */
  readonly input: string;
  readonly axis: number;
  /** Its size in each of the recorded graphs. */
  readonly sizes: readonly number[];
}

/** One graph in place of several that differ in sizes only. */
export interface SizeTemplate {
  readonly graph: OnnxGraph;
  /** Whether a graph with fixed sizes computes, operator for operator, what the template does with these sizes. */
  fits(graph: OnnxGraph): boolean;
}

/**
 * One graph for all sizes, from recordings with different ones. They must consist of the same operators; lists of
 * integers in them that differ must be products of a fixed number and some of the sizes, and become operators that
 * compute them.
 *
 * @returns the template, or the operator at which the recordings differ in another way
 */
export function sizeTemplate(
  graphs: readonly OnnxGraph[],
  axes: readonly OpenAxis[],
): SizeTemplate | { readonly differs: OnnxNode } {
  const [first, ...others] = graphs;
  const headers = first.nodes.map(headerOf);
  const constants = graphs.map(constantsOf);
  const parts = new Map<string, Part>();
  const nodes: OnnxNode[] = [];
  for (const [place, node] of first.nodes.entries()) {
    const same = others.every(
      (other) => other.nodes[place] && headerOf(other.nodes[place]) === headers[place],
    );
    if (!same) return { differs: node };
    const inputs: string[] = [];
    for (const [index, input] of node.inputs.entries()) {
      const names = graphs.map((graph) => graph.nodes[place].inputs[index]);
      const found = names.map((name, graph) => constants[graph].get(name));
      if (found.every((constant) => !constant)) {
        if (names.some((name) => name !== input)) return { differs: node };
        inputs.push(input);
        continue;
      }
      const key = names.join();
      const part = parts.get(key) ?? partOf(`t${parts.size}`, found, axes);
      if (!part) return { differs: node };
      parts.set(key, part);
      inputs.push(part.name);
    }
    nodes.push({ ...node, inputs });
  }
  const longer = others.find((other) => other.nodes.length > nodes.length);
  if (longer) return { differs: longer.nodes[nodes.length] };
  const byName = new Map([...parts.values()].map((part) => [part.name, part]));
  const graph = withComputedLists(first, nodes, byName, axes);
  return { graph, fits: (other) => fits(graph, nodes, headers, byName, axes, other) };
}

/** The axes in which the inputs of graphs differ. Axes that always have the same size are one. */
export function differingAxes(graphs: readonly OnnxGraph[]): OpenAxis[] {
  const axes: OpenAxis[] = [];
  for (const [place, { name, shape }] of graphs[0].inputs.entries()) {
    for (const axis of shape.keys()) {
      const sizes = graphs.map(({ inputs }) => Number(inputs[place]?.shape[axis]));
      const differ = sizes.some((size) => size !== sizes[0]);
      if (differ && !axes.some((known) => known.sizes.join() === sizes.join())) {
        axes.push({ input: name, axis, sizes });
      }
    }
  }
  return axes;
}

/** Whether graphs take and give the same values, but for their sizes. */
export function haveSameValues(a: OnnxGraph, b: OnnxGraph): boolean {
  const same = (values: readonly OnnxValue[], others: readonly OnnxValue[]) =>
    values.length === others.length &&
    values.every(({ name, type, shape }, place) => {
      const other = others[place];
      return name === other.name && type === other.type && shape.length === other.shape.length;
    });
  return same(a.inputs, b.inputs) && same(a.outputs, b.outputs);
}

/** The graph with names in place of the sizes of open axes of its inputs, and of all sizes of its outputs. */
export function withOpenAxes(
  graph: OnnxGraph,
  axes: readonly OpenAxis[],
  others: readonly OnnxGraph[],
): OnnxGraph {
  const graphs = [graph, ...others];
  const inputs = graph.inputs.map((value, place): OnnxValue => {
    const shape = value.shape.map((size, axis) => {
      const sizes = graphs.map((each) => each.inputs[place].shape[axis]).join();
      const open = axes.findIndex((known) => known.sizes.join() === sizes);
      return open < 0 ? size : sizeName(open);
    });
    return { ...value, shape };
  });
  const outputs = graph.outputs.map(
    (value): OnnxValue => ({ ...value, shape: value.shape.map((_, axis) => `${value.name}_${axis}`) }),
  );
  return { ...graph, inputs, outputs };
}

/** `factor` times the sizes of some axes. */
export interface Product {
  readonly factor: number;
  readonly axes: readonly number[];
}

/** The fixed number and the axes that give each value for the sizes of its recording. */
export function productOf(values: readonly number[], axes: readonly OpenAxis[]): Product | undefined {
  if (values.every((value) => value === values[0])) return { factor: values[0], axes: [] };
  for (let subset = 1; subset < 2 ** axes.length; subset++) {
    const chosen = [...axes.keys()].filter((axis) => subset & (2 ** axis));
    const sizes = values.map((_, graph) =>
      chosen.reduce((product, axis) => product * axes[axis].sizes[graph], 1),
    );
    const factor = values[0] / sizes[0];
    if (Number.isInteger(factor) && values.every((value, graph) => value === factor * sizes[graph])) {
      return { factor, axes: chosen };
    }
  }
  return undefined;
}

// --- internal ---

/** What stands for one constant, or for a list of integers that differs between the recordings. */
interface Part {
  readonly name: string;
  /** The constant of the first recording. */
  readonly constant: OnnxConstant;
  /** The list's entries, where it differs. */
  readonly products?: readonly Product[];
}

/** Everything about a node but its inputs, whose constants have other names in other recordings. */
function headerOf({ name, operator, domain, inputs, outputs, attributes }: OnnxNode): string {
  return JSON.stringify([name, operator, domain, inputs.length, outputs, attributes]);
}

function constantsOf({ constants }: OnnxGraph): Map<string, OnnxConstant> {
  return new Map(constants.map((constant) => [constant.name, constant]));
}

function partOf(
  name: string,
  found: readonly (OnnxConstant | undefined)[],
  axes: readonly OpenAxis[],
): Part | undefined {
  const constants = found.filter((constant) => constant !== undefined);
  const [constant] = constants;
  if (constants.length < found.length) return undefined;
  if (constants.every((other) => sameConstant(constant, other))) return { name, constant };
  if (constants.some((other) => !isList(other) || other.bytes.length !== constant.bytes.length))
    return undefined;
  const lists = constants.map(numbersOf);
  const products = lists[0].map((_, index) =>
    productOf(
      lists.map((list) => list[index]),
      axes,
    ),
  );
  return products.every((product) => product !== undefined) ? { name, constant, products } : undefined;
}

function sameConstant(a: OnnxConstant, b: OnnxConstant): boolean {
  if (a.type !== b.type || a.shape.join() !== b.shape.join() || a.bytes.length !== b.bytes.length)
    return false;
  if (a.external?.location !== b.external?.location || a.external?.offset !== b.external?.offset)
    return false;
  const isOneArray = a.bytes.buffer === b.bytes.buffer && a.bytes.byteOffset === b.bytes.byteOffset; // as weights are
  return isOneArray || a.external !== undefined || a.bytes.every((byte, place) => byte === b.bytes[place]);
}

function isList({ type, shape }: OnnxConstant): boolean {
  return type === "int64" && shape.length === 1;
}

function numbersOf({ bytes }: OnnxConstant): number[] {
  return Array.from(new BigInt64Array(bytes.slice().buffer), Number);
}

const sizeName = (axis: number) => `size_${axis}`;

/** The graph with operators that read the sizes of the open axes and compute the lists that depend on them. */
function withComputedLists(
  first: OnnxGraph,
  nodes: readonly OnnxNode[],
  parts: ReadonlyMap<string, Part>,
  axes: readonly OpenAxis[],
): OnnxGraph {
  const computed: OnnxNode[] = axes.map(({ input, axis }, index) =>
    node("Shape", [input], sizeName(index), { start: axis, end: axis + 1 }),
  );
  const constants: OnnxConstant[] = [];
  const names = new Map<string, string>();
  const once = (key: string, make: () => string): string => {
    const known = names.get(key) ?? make();
    names.set(key, known);
    return known;
  };
  const multiply = ({ factor, axes: factors }: Product): string => {
    const number = once(`${factor}`, () => {
      const name = `factor_${factor}`;
      const bytes = new Uint8Array(BigInt64Array.of(BigInt(factor)).buffer);
      constants.push({ name, type: "int64", shape: [1], bytes });
      return name;
    });
    return factors.reduce(
      (product, axis) =>
        once(`${product} ${axis}`, () => {
          const name = `${product}_${axis}`;
          computed.push(node("Mul", [product, sizeName(axis)], name));
          return name;
        }),
      number,
    );
  };
  const lists = new Map<string, string>();
  const replacing = new Map<string, string>();
  for (const { name, constant, products } of parts.values()) {
    if (!products) {
      constants.push({ ...constant, name });
      continue;
    }
    const key = JSON.stringify(products);
    const known = lists.get(key);
    if (known !== undefined) {
      replacing.set(name, known);
      continue;
    }
    lists.set(key, name);
    computed.push(node("Concat", products.map(multiply), name, { axis: 0 }));
  }
  const renamed = nodes.map((each) => ({
    ...each,
    inputs: each.inputs.map((input) => replacing.get(input) ?? input),
  }));
  return { ...first, nodes: [...computed, ...renamed], constants };
}

function node(
  operator: string,
  inputs: readonly string[],
  output: string,
  attributes: OnnxNode["attributes"] = {},
): OnnxNode {
  return { name: output, operator, domain: "", inputs, outputs: [output], attributes };
}

function fits(
  template: OnnxGraph,
  nodes: readonly OnnxNode[],
  headers: readonly string[],
  parts: ReadonlyMap<string, Part>,
  axes: readonly OpenAxis[],
  graph: OnnxGraph,
): boolean {
  const sizeOf = ({ input, axis }: OpenAxis) =>
    Number(graph.inputs.find(({ name }) => name === input)?.shape[axis]);
  const sizes = axes.map(sizeOf);
  const known = new Map(sizes.map((size, axis) => [sizeName(axis), size]));
  const hasSizes = ({ shape }: OnnxValue, place: number) =>
    shape.every(
      (size, axis) => (typeof size === "string" ? known.get(size) : size) === graph.inputs[place].shape[axis],
    );
  if (graph.nodes.length !== nodes.length || !haveSameValues(template, graph)) return false;
  if (!template.inputs.every(hasSizes)) return false;
  const constants = constantsOf(graph);
  const compared = new Set<string>();
  return nodes.every((each, place) => {
    const other = graph.nodes[place];
    if (headerOf(other) !== headers[place]) return false;
    return each.inputs.every((input, index) => {
      const part = parts.get(input);
      const constant = constants.get(other.inputs[index]);
      if (!part || !constant) return !part && input === other.inputs[index];
      const key = `${input} ${constant.name}`;
      if (compared.has(key)) return true;
      compared.add(key);
      return fitsSizes(part, constant, sizes);
    });
  });
}

/** Whether a constant is what a part is for certain sizes of the open axes. */
function fitsSizes({ constant, products }: Part, other: OnnxConstant, sizes: readonly number[]): boolean {
  if (!products) return sameConstant(constant, other);
  if (!isList(other) || other.bytes.length !== constant.bytes.length) return false;
  const numbers = numbersOf(other);
  return products.every(
    ({ factor, axes }, index) =>
      axes.reduce((product, axis) => product * sizes[axis], factor) === numbers[index],
  );
}
