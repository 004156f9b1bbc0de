import { type DataType, dispose, type Tensor, tidy, zeros } from "@tensorflow/tfjs-core";
import { GraphBuilder } from "../graph/graph-builder.js";
import { encodeModel, type OnnxDescription, type OnnxGraph, type OnnxValue } from "../model/onnx-model.js";
import type { OnnxBackend } from "../onnx-backend.js";
import { OnnxBackendError } from "../onnx-backend-error.js";
import type { Entry } from "../recording/recorded-node.js";
import { withDynamicSizes } from "./dynamic-sizes.js";

export interface ExportInput {
  /** A string names an axis whose size is left open; the same name means the same size. */
  readonly shape: readonly (number | string)[];
  /** tfjs has no int64: the function is given int32, cast as the graph begins. */
  readonly dtype: "float32" | "int32" | "int64" | "bool";
}

export interface RecordOptions extends OnnxDescription {
  /** Inputs of the graph by name, in the order of the function's arguments. */
  readonly inputs: Readonly<Record<string, ExportInput>>;
  /** Sizes with which the function is recorded, two for each named axis. Default 5 and 7, 6 and 11, and so on. */
  readonly recordedSizes?: Readonly<Record<string, readonly [number, number]>>;
}

/**
 * What a function of tensors computes, as the bytes of an .onnx model. Needs no file system, so it works in the browser
 * as well; see `exportOnnx` for what is recorded and how.
 *
 * @param run - gives the results by name; runs in a tidy
 * @throws OnnxBackendError `UNSUPPORTED` when an operation needs a size that was left open, or a result needs no input
 */
export async function encodeOnnx(
  backend: OnnxBackend,
  run: (...inputs: Tensor[]) => Record<string, Tensor>,
  options: RecordOptions,
): Promise<Uint8Array> {
  return encodeModel(await recordOnnx(backend, run, options), options);
}

/** The graph of a function, recorded on zeros and not run; twice, with different sizes, where axes are named. */
export async function recordOnnx(
  backend: OnnxBackend,
  run: (...inputs: Tensor[]) => Record<string, Tensor>,
  { inputs, recordedSizes = {} }: RecordOptions,
): Promise<OnnxGraph> {
  await backend.flush();
  const axes = namedAxes(inputs).map((axis, index) => ({
    ...axis,
    sizes: recordedSizes[axis.name] ?? defaultSizes[index % defaultSizes.length],
  }));
  const record = (which: 0 | 1) =>
    recordGraph(backend, run, inputs, new Map(axes.map(({ name, sizes }) => [name, sizes[which]])));
  return axes.length === 0 ? record(0) : withDynamicSizes([record(0), record(1)], axes);
}

// --- internal ---

/** Primes and their like: unequal to each other, and seldom equal to a size of the model. */
const defaultSizes: readonly (readonly [number, number])[] = [
  [5, 7],
  [6, 11],
  [9, 13],
  [10, 17],
];

/** An axis with a name, where it is met first. */
interface NamedAxis {
  readonly name: string;
  readonly input: string;
  readonly axis: number;
}

function namedAxes(inputs: RecordOptions["inputs"]): NamedAxis[] {
  const axes = new Map<string, NamedAxis>();
  for (const [input, { shape }] of Object.entries(inputs)) {
    shape.forEach((name, axis) => {
      if (typeof name === "string" && !axes.has(name)) axes.set(name, { name, input, axis });
    });
  }
  return [...axes.values()];
}

function recordGraph(
  backend: OnnxBackend,
  run: (...inputs: Tensor[]) => Record<string, Tensor>,
  inputs: RecordOptions["inputs"],
  sizeOf: ReadonlyMap<string, number>,
): OnnxGraph {
  const values: OnnxValue[] = Object.entries(inputs).map(([name, { shape, dtype }]) => ({
    name,
    type: dtype,
    shape,
  }));
  const examples = values.map(({ shape, type }) =>
    zeros(
      shape.map((size) => (typeof size === "string" ? sizeOf.get(size)! : size)),
      type === "int64" ? "int32" : (type as DataType),
    ),
  );
  const results: Record<string, Tensor> = {};
  try {
    const prepared = backend.recordOnly(() => {
      const made = tidy(() => run(...examples));
      Object.assign(results, made);
    });
    const graph = new GraphBuilder(prepared, true);
    const inputOf = new Map<Entry, OnnxValue>(
      examples.map((example, index) => [backend.entryOf(example), values[index]]),
    );
    for (const edge of prepared.leaves) {
      const input = inputOf.get(edge.entry);
      if (!input) graph.bindConstant(edge);
      else graph.bind(edge.entry, input.type === "int64" ? graph.cast(input.name, "int32") : input.name);
    }
    for (const node of prepared.nodes) {
      graph.current = node;
      node.operation.lower(graph, node);
    }
    const outputs = Object.entries(results).map(([name, result]): OnnxValue => {
      const entry = backend.entryOf(result);
      if (!prepared.outputs.includes(entry)) throw needsNoInput(name);
      graph.nameOutput(name, { entry, shape: result.shape });
      return { name, type: entry.type, shape: result.shape };
    });
    return { name: "exported", nodes: graph.nodes, constants: graph.constants, inputs: values, outputs };
  } finally {
    dispose([examples, results]);
    backend.dropRecorded();
  }
}

function needsNoInput(name: string): OnnxBackendError {
  return new OnnxBackendError({
    code: "UNSUPPORTED",
    component: "export",
    problem: `expected the result "${name}" to be computed from the inputs, got one that needs no computation`,
    remedy: "Return a tensor that an operation made in this call, each under one name",
  });
}
