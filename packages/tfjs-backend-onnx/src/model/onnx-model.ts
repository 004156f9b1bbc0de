import { joinParts, ProtobufWriter } from "./protobuf-writer.js";

/** Element types of ONNX that the backend uses, with their numbers in `TensorProto.DataType`. */
export const onnxTypes = {
  float32: 1,
  uint8: 2,
  int8: 3,
  int32: 6,
  int64: 7,
  bool: 9,
  float64: 11,
  bfloat16: 16,
} as const;

export type OnnxType = keyof typeof onnxTypes;

/** A plain number is an INT, an array INTS, a string STRING; a float must say that it is one. */
export type OnnxAttribute = number | string | readonly number[] | { readonly float: number };

export interface OnnxNode {
  /** Named in errors of the runtime. */
  readonly name: string;
  readonly operator: string;
  /** Empty for the standard operators. */
  readonly domain: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Readonly<Record<string, OnnxAttribute>>;
}

export interface OnnxConstant {
  readonly name: string;
  readonly type: OnnxType;
  readonly shape: readonly number[];
  /** Little-endian, as ONNX wants it and every machine that runs this has it. */
  readonly bytes: Uint8Array;
  /** Where the bytes are instead of in the model; `bytes` then only says how many there are. */
  readonly external?: { readonly location: string; readonly offset: number };
}

export interface OnnxValue {
  readonly name: string;
  readonly type: OnnxType;
  /** A string names a dimension whose size is known at run time. */
  readonly shape: readonly (number | string)[];
}

export interface OnnxGraph {
  readonly name: string;
  readonly nodes: readonly OnnxNode[];
  readonly constants: readonly OnnxConstant[];
  readonly inputs: readonly OnnxValue[];
  readonly outputs: readonly OnnxValue[];
}

/** What a file says of itself. */
export interface OnnxDescription {
  /** Who wrote it. Default this package. */
  readonly producer?: { readonly name: string; readonly version: string };
  /** Pairs of a key and a text, for who reads the file. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/** Operators of this version are emitted; onnxruntime has it since 1.14. */
export const opset = 18;
/** The first file format that carries the opset. */
const irVersion = 8;

/** The bytes of an .onnx file. */
export function encodeModel(graph: OnnxGraph, description?: OnnxDescription): Uint8Array {
  return joinParts(encodeModelParts(graph, description));
}

/**
 * The bytes of an .onnx file, one part after the other; the weights among them are not copied. Field numbers are those
 * of onnx.proto3 in github.com/onnx/onnx.
 */
export function encodeModelParts(
  graph: OnnxGraph,
  { producer, metadata = {} }: OnnxDescription = {},
): readonly Uint8Array[] {
  const model = new ProtobufWriter();
  model.integer(1, irVersion);
  model.text(2, producer?.name ?? "@textdiffusion/tfjs-backend-onnx");
  if (producer) model.text(3, producer.version);
  model.message(7, (message) => writeGraph(message, graph));
  writeOpset(model, "", opset);
  if (graph.nodes.some(({ domain }) => domain !== "")) writeOpset(model, "com.microsoft", 1);
  for (const pair of Object.entries(metadata)) model.message(14, (entry) => writePair(entry, pair));
  return model.parts();
}

// --- internal ---

function writeOpset(model: ProtobufWriter, domain: string, version: number): void {
  model.message(8, (message) => {
    message.text(1, domain);
    message.integer(2, version);
  });
}

function writeGraph(message: ProtobufWriter, graph: OnnxGraph): void {
  for (const node of graph.nodes) message.message(1, (nested) => writeNode(nested, node));
  message.text(2, graph.name);
  for (const constant of graph.constants) message.message(5, (nested) => writeConstant(nested, constant));
  for (const input of graph.inputs) message.message(11, (nested) => writeValue(nested, input));
  for (const output of graph.outputs) message.message(12, (nested) => writeValue(nested, output));
}

function writeNode(message: ProtobufWriter, node: OnnxNode): void {
  for (const input of node.inputs) message.text(1, input);
  for (const output of node.outputs) message.text(2, output);
  message.text(3, node.name);
  message.text(4, node.operator);
  for (const [name, value] of Object.entries(node.attributes)) {
    message.message(5, (nested) => writeAttribute(nested, name, value));
  }
  if (node.domain !== "") message.text(7, node.domain);
}

function writeAttribute(message: ProtobufWriter, name: string, value: OnnxAttribute): void {
  message.text(1, name);
  if (typeof value === "number") {
    message.integer(3, value);
    message.integer(20, 2); // INT
  } else if (typeof value === "string") {
    message.text(4, value);
    message.integer(20, 3); // STRING
  } else if ("float" in value) {
    message.float(2, value.float);
    message.integer(20, 1); // FLOAT
  } else {
    for (const entry of value) message.integer(8, entry);
    message.integer(20, 7); // INTS
  }
}

function writeConstant(message: ProtobufWriter, { name, type, shape, bytes, external }: OnnxConstant): void {
  for (const size of shape) message.integer(1, size);
  message.integer(2, onnxTypes[type]);
  message.text(8, name);
  if (!external) {
    message.bytes(9, bytes);
    return;
  }
  const { location, offset } = external;
  const entries = { location, offset: String(offset), length: String(bytes.length) };
  for (const pair of Object.entries(entries)) message.message(13, (entry) => writePair(entry, pair));
  message.integer(14, 1); // EXTERNAL
}

function writePair(message: ProtobufWriter, [key, value]: readonly [string, string]): void {
  message.text(1, key);
  message.text(2, value);
}

function writeValue(message: ProtobufWriter, { name, type, shape }: OnnxValue): void {
  message.text(1, name);
  message.message(2, (valueType) => {
    valueType.message(1, (tensor) => {
      tensor.integer(1, onnxTypes[type]);
      tensor.message(2, (dimensions) => {
        for (const size of shape) {
          dimensions.message(1, (dimension) => {
            if (typeof size === "string") dimension.text(2, size);
            else dimension.integer(1, size);
          });
        }
      });
    });
  });
}
