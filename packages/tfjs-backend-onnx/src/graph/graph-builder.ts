import {
  type OnnxAttribute,
  type OnnxConstant,
  type OnnxNode,
  type OnnxType,
  type OnnxValue,
  onnxTypes,
} from "../model/onnx-model.js";
import type { PreparedGraph } from "../recording/prepared-graph.js";
import type { Edge, Entry, RecordedNode, Values } from "../recording/recorded-node.js";
import { broadcastShape, sameShape } from "../recording/tensor-shape.js";
import { type ExternalData, sentinel } from "../runtime/onnx-runtime.js";
import { allocate } from "../storage/buffer-pool.js";
import type { Int8Table } from "../storage/int8-table.js";

/** A value of the graph that may be smaller than what it stands for: it repeats by broadcasting. */
export interface SmallValue {
  readonly name: string;
  readonly shape: readonly number[];
}

/** A weight as the right factor of matrix products: one constant of floats, or integers and their scales. */
export type Factor =
  | { readonly kind: "floats"; readonly name: string }
  | {
      readonly kind: "integers";
      readonly values: string;
      readonly scales: string;
      /** Whether the floats were transposed by the product; the integers are not. */
      readonly transposed: boolean;
    };

export interface OperatorOptions {
  /** Empty, the default, for the standard operators. */
  readonly domain?: string;
  /** How many outputs; 1 by default. */
  readonly outputs?: number;
}

type Attributes = Readonly<Record<string, OnnxAttribute>>;

/**
 * Collects the ONNX operators of one graph. An operation asks it for the names of its inputs, adds operators, and binds
 * its outputs to names. Repeated values (fills, broadcasts) stay small until an operator needs them in full.
 */
export class GraphBuilder {
  readonly nodes: OnnxNode[] = [];
  readonly constants: OnnxConstant[] = [];
  readonly inputs: OnnxValue[] = [];
  readonly externalData: ExternalData[] = [];
  /** The node that is being lowered; its name is in the names of its operators. */
  current: RecordedNode | undefined;

  readonly #readers = new Map<Entry, RecordedNode[]>();
  readonly #leaving: ReadonlySet<Entry>;
  readonly #postponed = new Map<Entry, Postponed>();
  readonly #bindings = new Map<Entry, Binding>();
  readonly #factors = new Map<Entry, Factor>();
  readonly #known = new Map<string, string>();
  readonly #numbers = new Map<string, number>();
  readonly #outputs = new Set<string>();
  /** Numbers that were cast from truth values, and those. */
  readonly #truths = new Map<string, string>();
  #results = 0;

  /**
   * @param prepared - everything that will be lowered, in order
   * @param standardOnly - leave out the operators that onnxruntime has besides those of ONNX
   */
  constructor(
    { nodes, outputs }: Pick<PreparedGraph, "nodes" | "outputs">,
    readonly standardOnly = false,
  ) {
    for (const node of nodes) {
      for (const { entry } of node.inputs)
        this.#readers.set(entry, [...(this.#readers.get(entry) ?? []), node]);
    }
    this.#leaving = new Set(outputs);
  }

  /** Whether anything reads an entry, in the graph or outside: of several results of a node, some may not be wanted. */
  isRead(entry: Entry): boolean {
    return this.#leaving.has(entry) || this.#readers.has(entry);
  }

  /** The one node that reads an entry, if nothing else does and the entry does not leave the graph. */
  soleReader(entry: Entry): RecordedNode | undefined {
    const readers = this.#readers.get(entry);
    return readers?.length === 1 && !this.#leaving.has(entry) ? readers[0] : undefined;
  }

  /** Leaves it to the sole reader of an entry to compute it, together with what that adds. */
  postpone(entry: Entry, build: Postponed): void {
    this.#postponed.set(entry, build);
  }

  postponed(entry: Entry): Postponed | undefined {
    return this.#postponed.get(entry);
  }

  /** Declares an entry that has values as an input of the graph. */
  input(name: string, { entry, shape }: Edge): void {
    this.inputs.push({ name, type: entry.type, shape });
    this.#bindings.set(entry, { name, shape, whole: shape });
  }

  /** Says under which name the values of an entry are, in full. */
  bind(entry: Entry, name: string): void {
    this.#bindings.set(entry, { name, shape: entry.shape, whole: entry.shape });
  }

  /** The same for values that may have to be repeated. */
  bindSmall(entry: Entry, { name, shape }: SmallValue): void {
    this.#bindings.set(entry, { name, shape, whole: entry.shape });
  }

  /** The name of an input in full size and in the shape in which the kernel saw it. */
  value({ entry, shape }: Edge): string {
    const binding = this.#binding(entry);
    const full = sameShape(binding.shape, binding.whole)
      ? binding.name
      : this.once(`expand ${binding.name} ${binding.whole}`, () =>
          this.operator("Expand", [binding.name, this.integers(binding.whole)]),
        );
    return sameShape(shape, binding.whole) ? full : this.reshape(full, shape);
  }

  /** The name of an input that may have fewer axes or axes of size 1; it broadcasts to the shape that the kernel saw. */
  small(edge: Edge): SmallValue {
    const { name, shape, whole } = this.#binding(edge.entry);
    if (shape.length === 0 || sameShape(edge.shape, whole)) return { name, shape };
    return { name: this.value(edge), shape: edge.shape };
  }

  /** The number that every element of the input is, where the graph has it as a constant. */
  number(edge: Edge): number | undefined {
    return this.#numbers.get(this.#binding(edge.entry).name);
  }

  /** Adds an operator with one output. */
  operator(operator: string, inputs: readonly string[], attributes: Attributes = {}, domain = ""): string {
    return this.operators(operator, inputs, attributes, { domain })[0];
  }

  /** Adds an operator and returns the names of its outputs. An input that is left out has the name "". */
  operators(
    operator: string,
    inputs: readonly string[],
    attributes: Attributes,
    { domain = "", outputs: count = 1 }: OperatorOptions,
  ): string[] {
    // Results alone begin with a v. Their numbers do not depend on how many constants there are.
    const outputs = Array.from({ length: count }, () => `v${this.#results++}`);
    const owner = this.current ? `${this.current.operation.name}#${this.current.index}` : "graph";
    this.nodes.push({ name: `${owner}/${outputs[0]}`, operator, domain, inputs, outputs, attributes });
    return outputs;
  }

  reshape(name: string, shape: readonly number[]): string {
    return this.once(`reshape ${name} ${shape}`, () =>
      this.operator("Reshape", [name, this.integers(shape)]),
    );
  }

  /** A cast to a number of a cast from a truth value starts from that: a one-hot table is then written once. */
  cast(name: string, type: OnnxType): string {
    const source = type === "bool" ? name : (this.#truths.get(name) ?? name);
    return this.operator("Cast", [source], { to: onnxTypes[type] });
  }

  /** A number from a truth value. */
  castTruth(name: string, type: OnnxType): string {
    const number = this.cast(name, type);
    this.#truths.set(number, name);
    return number;
  }

  /** A list of int64: shapes, axes, places. */
  integers(values: readonly number[], shape: readonly number[] = [values.length]): string {
    return this.once(`integers ${values} ${shape}`, () => {
      const bytes = new Uint8Array(BigInt64Array.from(values, BigInt).buffer);
      return this.#constant({ type: "int64", shape, bytes });
    });
  }

  /** A constant that broadcasts to any shape. */
  scalar(type: "float32" | "int32" | "bool" | "float64" | "uint8", value: number): string {
    return this.once(`scalar ${type} ${Object.is(value, -0) ? "-0" : value}`, () => {
      const values = type === "float64" ? Float64Array.of(value) : filled(type, value);
      const name = this.#constant({ type, shape: [], bytes: new Uint8Array(values.buffer) });
      this.#numbers.set(name, type === "bool" ? Number(value !== 0) : value);
      return name;
    });
  }

  /** A constant with its own values, as `0, 1, 2, ...` or the places of a gather. */
  int32(values: Int32Array, shape: readonly number[] = [values.length]): string {
    return this.once(`int32 ${values} ${shape}`, () => {
      const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
      return this.#constant({ type: "int32", shape, bytes });
    });
  }

  /** Makes the values of an entry a part of the graph; at an external place they are named and not copied. */
  bindConstant({ entry, shape }: Edge, external?: OnnxConstant["external"]): void {
    this.#bindings.set(entry, { name: this.#constantOf(entry, shape, external), shape, whole: shape });
  }

  /** Makes a weight a constant for matrix products alone. */
  bindFactor(entry: Entry, location: string): void {
    const name = this.#constantOf(entry, entry.shape, { location, offset: 0 });
    this.#factors.set(entry, { kind: "floats", name });
  }

  /** The same as integers. */
  bindInt8Factor(
    entry: Entry,
    { values, scales, inner, columns, transposed }: Int8Table,
    location: string,
  ): void {
    const external = (name: string, { buffer, byteOffset, byteLength }: Int8Array | Float32Array) => {
      const bytes = new Uint8Array(buffer, byteOffset, byteLength);
      this.externalData.push({ path: name, data: bytes });
      return { bytes, external: { location: name, offset: 0 } };
    };
    this.#factors.set(entry, {
      kind: "integers",
      values: this.#constant({
        type: "int8",
        shape: [inner, columns],
        ...external(`${location}-int8`, values),
      }),
      scales: this.#constant({
        type: "float32",
        shape: [columns],
        ...external(`${location}-scales`, scales),
      }),
      transposed,
    });
  }

  /** A weight that is a constant for matrix products. */
  factor({ entry }: Edge): Factor | undefined {
    return this.#factors.get(entry);
  }

  /** Makes a value leave the graph under a name of the caller's. */
  nameOutput(name: string, edge: Edge): void {
    const inputs = [this.value(edge)];
    this.nodes.push({ name, operator: "Identity", domain: "", inputs, outputs: [name], attributes: {} });
  }

  /** The name under which an entry leaves the graph: its own, unless that is an input, a constant or not in full. */
  output(entry: Entry): string {
    const name = this.value({ entry, shape: entry.shape });
    const own = name.startsWith("v") && !this.#outputs.has(name);
    this.#outputs.add(name);
    return own ? name : this.operator("Identity", [name]);
  }

  /** Adds the operator behind the output `sentinel`. */
  sentinel(): void {
    const inputs = [this.scalar("float32", 0)];
    const attributes = { to: onnxTypes.bfloat16 };
    this.nodes.push({
      name: sentinel,
      operator: "Cast",
      domain: "",
      inputs,
      outputs: [sentinel],
      attributes,
    });
  }

  /** Adds an elementwise operator over inputs that may repeat, and binds the node's output. */
  elementwise(node: RecordedNode, build: (names: string[]) => string): void {
    const [output] = node.outputs;
    const smalls = node.inputs.map((edge) => this.small(edge));
    const shape = smalls.reduce<readonly number[]>((all, { shape }) => broadcastShape(all, shape), []);
    this.bindSmall(output, { name: build(smalls.map(({ name }) => name)), shape });
  }

  #binding(entry: Entry): Binding {
    const binding = this.#bindings.get(entry);
    if (!binding) throw new Error(`An entry of shape [${entry.shape}] is read before it is computed`); // a bug of ours
    return binding;
  }

  #constantOf(entry: Entry, shape: readonly number[], external: OnnxConstant["external"]): string {
    const { buffer, byteOffset, byteLength } = entry.hostValues();
    const bytes = new Uint8Array(buffer, byteOffset, byteLength);
    if (external) this.externalData.push({ path: external.location, data: bytes });
    return this.#constant({ type: entry.type, shape, bytes, external });
  }

  #constant(constant: Omit<OnnxConstant, "name">): string {
    const name = `c${this.constants.length}`;
    this.constants.push({ name, ...constant });
    return name;
  }

  /** What is made once for a key. */
  once(key: string, make: () => string): string {
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const made = make();
    this.#known.set(key, made);
    return made;
  }
}

// --- internal ---

/** Adds the operator that computes an entry and adds a value of a smaller or equal shape to it. */
type Postponed = (addend: string) => string;

/** `name` has the shape `shape` and broadcasts to `whole`. */
interface Binding {
  readonly name: string;
  readonly shape: readonly number[];
  readonly whole: readonly number[];
}

function filled(type: "float32" | "int32" | "bool" | "uint8", value: number): Values {
  const values = type === "uint8" ? new Uint8Array(1) : allocate(type, 1);
  values[0] = type === "bool" ? Number(value !== 0) : value;
  return values;
}
