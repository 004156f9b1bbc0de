import { open, rename, rm } from "node:fs/promises";
import { basename } from "node:path";
import { type DataType, dispose, type Tensor, tidy, zeros } from "@tensorflow/tfjs-core";
import { GraphBuilder } from "../graph/graph-builder.js";
import { encodeModel, type OnnxConstant, type OnnxGraph, type OnnxValue } from "../model/onnx-model.js";
import type { OnnxBackend } from "../onnx-backend.js";
import { messageOf, OnnxBackendError } from "../onnx-backend-error.js";
import type { Entry } from "../recording/recorded-node.js";
import { type NamedAxis, withDynamicSizes } from "./dynamic-sizes.js";

export interface ExportInput {
  /** A string names an axis whose size is left open; the same name means the same size. */
  readonly shape: readonly (number | string)[];
  readonly dtype: "float32" | "int32" | "bool";
}

export interface ExportOptions {
  /** Inputs of the graph by name, in the order of the function's arguments. */
  readonly inputs: Readonly<Record<string, ExportInput>>;
  /** Weights in `file.data` beside the model in place of inside it: needed from 2 GB on. Default false. */
  readonly externalData?: boolean;
  /** Sizes with which the function is recorded, two for each named axis. Default 5 and 7, 6 and 11, and so on. */
  readonly recordedSizes?: Readonly<Record<string, readonly [number, number]>>;
}

/**
 * Writes what a function of tensors computes as an .onnx file, which onnxruntime reads in Python, in Node and in the
 * browser. What is not an input, like the weights, becomes a constant. The function is recorded on zeros and not run;
 * it must not look at values. Where axes are named, it is recorded twice, with different sizes.
 *
 * @param run - gives the results by name; runs in a tidy
 * @throws OnnxBackendError `UNSUPPORTED` when an operation needs a size that was left open, or a result needs no input;
 * `FILE_NOT_WRITABLE`
 */
export async function exportOnnx(
  backend: OnnxBackend,
  run: (...inputs: Tensor[]) => Record<string, Tensor>,
  file: string,
  { inputs, externalData = false, recordedSizes = {} }: ExportOptions,
): Promise<void> {
  await backend.flush();
  const axes = namedAxes(inputs);
  const location = externalData ? `${basename(file)}.data` : undefined;
  const record = (which: 0 | 1) => {
    const sizes = axes.map(
      ({ name }, index) => (recordedSizes[name] ?? defaultSizes[index % defaultSizes.length])[which],
    );
    const sizeOf = new Map(axes.map(({ name }, index) => [name, sizes[index]]));
    return { graph: recordGraph(backend, run, inputs, sizeOf, location), sizes };
  };
  const first = record(0);
  const graph = axes.length === 0 ? first.graph : withDynamicSizes(first, record(1), axes);
  await writeFiles(
    file,
    encodeModel(graph),
    location ? graph.constants.filter(({ external }) => external) : [],
  );
}

// --- internal ---

/** Primes and their like: unequal to each other, and seldom equal to a size of the model. */
const defaultSizes: readonly (readonly [number, number])[] = [
  [5, 7],
  [6, 11],
  [9, 13],
  [10, 17],
];

/** Below this a constant stays in the model. */
const smallestExternalBytes = 1024;

function namedAxes(inputs: ExportOptions["inputs"]): NamedAxis[] {
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
  inputs: ExportOptions["inputs"],
  sizeOf: ReadonlyMap<string, number>,
  location: string | undefined,
): OnnxGraph {
  const values: OnnxValue[] = Object.entries(inputs).map(([name, { shape, dtype }]) => ({
    name,
    type: dtype,
    shape,
  }));
  const examples = values.map(({ shape, type }) =>
    zeros(
      shape.map((size) => (typeof size === "string" ? sizeOf.get(size)! : size)),
      type as DataType,
    ),
  );
  const results: Record<string, Tensor> = {};
  try {
    const prepared = backend.recordOnly(() => {
      const made = tidy(() => run(...examples));
      Object.assign(results, made);
    });
    const graph = new GraphBuilder(prepared);
    const inputEntries = new Map<Entry, string>(
      examples.map((example, index) => [backend.entryOf(example), values[index].name]),
    );
    let offset = 0;
    for (const edge of prepared.leaves) {
      const name = inputEntries.get(edge.entry);
      if (name !== undefined) {
        graph.bindInput(name, edge.entry);
      } else {
        const bytes = edge.entry.values!.byteLength;
        const external = location && bytes >= smallestExternalBytes ? { location, offset } : undefined;
        graph.bindConstant(edge, external);
        if (external) offset += bytes;
      }
    }
    for (const node of prepared.nodes) {
      graph.current = node;
      node.operation.lower(graph, node);
    }
    const outputs = Object.entries(results).map(([name, result]): OnnxValue => {
      const entry = backend.entryOf(result);
      if (!prepared.outputs.includes(entry)) throw needsNoInput(name);
      graph.nameOutput(name, { entry, shape: result.shape });
      // Sizes of results are found by the runtime.
      return {
        name,
        type: entry.type,
        shape: result.shape.map((size, axis) => (sizeOf.size > 0 ? `${name}_${axis}` : size)),
      };
    });
    return { name: "exported", nodes: graph.nodes, constants: graph.constants, inputs: values, outputs };
  } finally {
    dispose([examples, results]);
    backend.dropRecorded();
  }
}

/** Writes beside the target and renames, so that a file is whole or absent. */
async function writeFiles(file: string, model: Uint8Array, external: readonly OnnxConstant[]): Promise<void> {
  const write = async (target: string, chunks: readonly Uint8Array[]) => {
    const temporary = `${target}.partial`;
    try {
      const handle = await open(temporary, "w");
      try {
        for (const chunk of chunks) await handle.write(chunk);
      } finally {
        await handle.close();
      }
      await rename(temporary, target);
    } catch (error) {
      await rm(temporary, { force: true });
      throw new OnnxBackendError({
        code: "FILE_NOT_WRITABLE",
        component: "export",
        problem: `expected to write "${target}", got "${messageOf(error)}"`,
        remedy: "Name a file in a folder that exists and may be written to",
        cause: error,
      });
    }
  };
  if (external.length > 0)
    await write(
      `${file}.data`,
      external.map(({ bytes }) => bytes),
    );
  await write(file, [model]);
}

function needsNoInput(name: string): OnnxBackendError {
  return new OnnxBackendError({
    code: "UNSUPPORTED",
    component: "export",
    problem: `expected the result "${name}" to be computed from the inputs, got one that needs no computation`,
    remedy: "Return a tensor that an operation made in this call, each under one name",
  });
}
