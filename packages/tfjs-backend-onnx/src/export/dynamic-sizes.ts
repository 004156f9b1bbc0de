import type { OnnxConstant, OnnxGraph, OnnxNode } from "../model/onnx-model.js";
import { OnnxBackendError } from "../onnx-backend-error.js";

/** Where the size of a named axis can be read when the graph runs. */
export interface NamedAxis {
  readonly name: string;
  /** Name of a graph input that has the axis. */
  readonly input: string;
  readonly axis: number;
}

/** A graph as it was recorded with certain sizes of the named axes. */
export interface SizedGraph {
  readonly graph: OnnxGraph;
  /** One for each named axis. */
  readonly sizes: readonly number[];
}

/**
 * One graph for all sizes, from two recordings with different ones. They must consist of the same operators; shapes in
 * them that differ are products of a fixed number and some of the sizes, and become operators that compute them. The
 * sizes of the results are fixed, those of a named axis, or left open.
 *
 * @throws OnnxBackendError `UNSUPPORTED` naming the operator where the two differ in another way
 */
export function withDynamicSizes(
  first: SizedGraph,
  second: SizedGraph,
  axes: readonly NamedAxis[],
): OnnxGraph {
  const [a, b] = [first.graph, second.graph];
  const difference = a.nodes.findIndex((node, place) => !sameNode(node, b.nodes[place]));
  if (difference >= 0 || a.nodes.length !== b.nodes.length)
    throw dependsOnSize(a.nodes[difference] ?? b.nodes.at(-1)!);
  const axisNodes = axes.map(readSize);
  const computed: OnnxNode[] = [];
  const added: OnnxConstant[] = [];
  const constants = a.constants.flatMap((constant, place): OnnxConstant[] => {
    const other = b.constants[place];
    if (sameBytes(constant.bytes, other.bytes)) return [constant];
    if (constant.type !== "int64") throw dependsOnSize(readerOf(a, constant.name));
    const values = numbersOf(constant).map((value, index) => {
      const product = productOf([value, numbersOf(other)[index]], first.sizes, second.sizes);
      if (!product) throw dependsOnSize(readerOf(a, constant.name));
      return product;
    });
    const { nodes, factors } = computeList(constant, values);
    computed.push(...nodes);
    added.push(...factors);
    return [];
  });
  return {
    ...a,
    nodes: [...axisNodes, ...computed, ...a.nodes],
    constants: [...added, ...constants],
    outputs: a.outputs.map((output, place) => {
      const sizes = output.shape.map((size, axis) => {
        const [value, other] = [size, b.outputs[place].shape[axis]] as [number, number];
        const product = productOf([value, other], first.sizes, second.sizes);
        if (product?.axes.length === 0) return value;
        return product?.factor === 1 && product.axes.length === 1
          ? axes[product.axes[0]].name
          : `${output.name}_${axis}`;
      });
      return { ...output, shape: sizes };
    }),
  };
}

// --- internal ---

/** `factor` times the sizes of some axes. */
interface Product {
  readonly factor: number;
  readonly axes: readonly number[];
}

function sameNode(a: OnnxNode, b: OnnxNode | undefined): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  const isOneArray = a.buffer === b.buffer && a.byteOffset === b.byteOffset; // as weights are
  return isOneArray || a.every((byte, place) => byte === b[place]);
}

function numbersOf({ bytes }: OnnxConstant): number[] {
  return Array.from(new BigInt64Array(bytes.slice().buffer), Number);
}

/** The fixed number and the axes that give the first value for the first sizes and the second for the second. */
function productOf(
  values: [number, number],
  first: readonly number[],
  second: readonly number[],
): Product | undefined {
  if (values[0] === values[1]) return { factor: values[0], axes: [] };
  for (let subset = 1; subset < 2 ** first.length; subset++) {
    const axes = first.map((_, axis) => axis).filter((axis) => subset & (2 ** axis));
    const multiply = (sizes: readonly number[]) => axes.reduce((product, axis) => product * sizes[axis], 1);
    const factor = values[0] / multiply(first);
    if (Number.isInteger(factor) && factor === values[1] / multiply(second)) return { factor, axes };
  }
  return undefined;
}

const sizeName = (axis: number) => `size_${axis}`;

/** Leaves the size of an axis in a list of one number. */
function readSize({ input, axis }: NamedAxis, index: number): OnnxNode {
  const name = sizeName(index);
  const attributes = { start: axis, end: axis + 1 };
  return { name, operator: "Shape", domain: "", inputs: [input], outputs: [name], attributes };
}

/** Operators that compute a list of products under the name that the constant had. */
function computeList(
  constant: OnnxConstant,
  values: readonly Product[],
): { nodes: OnnxNode[]; factors: OnnxConstant[] } {
  const nodes: OnnxNode[] = [];
  const factors: OnnxConstant[] = [];
  const parts = values.map(({ factor, axes }, place) => {
    const name = `${constant.name}_${place}`;
    factors.push({
      name,
      type: "int64",
      shape: [1],
      bytes: new Uint8Array(BigInt64Array.of(BigInt(factor)).buffer),
    });
    return axes.reduce((product, axis) => {
      const output = `${product}_${axis}`;
      const inputs = [product, sizeName(axis)];
      nodes.push({ name: output, operator: "Mul", domain: "", inputs, outputs: [output], attributes: {} });
      return output;
    }, name);
  });
  nodes.push({
    name: constant.name,
    operator: "Concat",
    domain: "",
    inputs: parts,
    outputs: [constant.name],
    attributes: { axis: 0 },
  });
  return { nodes, factors };
}

function readerOf({ nodes }: OnnxGraph, name: string): OnnxNode {
  return nodes.find(({ inputs }) => inputs.includes(name))!;
}

function dependsOnSize({ name, operator }: OnnxNode): OnnxBackendError {
  return new OnnxBackendError({
    code: "UNSUPPORTED",
    component: "export",
    problem: `expected operators that fit every size of the named axes, got ${operator} (${name.split("/")[0]}) with a fixed one`,
    remedy: "Leave the axis without a name, or compute this part from the inputs",
  });
}
