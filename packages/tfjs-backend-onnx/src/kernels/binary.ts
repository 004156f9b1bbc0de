import { backend_util, type TensorInfo } from "@tensorflow/tfjs-core";
import type { GraphBuilder } from "../graph/graph-builder.js";
import type { Operation } from "../graph/operation.js";
import type { KernelRecorder } from "../recording/kernel-recorder.js";
import type { ComputedType, Entry, RecordedNode } from "../recording/recorded-node.js";
import { sameShape } from "../recording/tensor-shape.js";
import { broadcastTo } from "./broadcast.js";
import { castAs } from "./casts.js";
import { type Kernel, type KernelTable, kernel } from "./kernel.js";

type Build = (graph: GraphBuilder, a: string, b: string, type: ComputedType, node: RecordedNode) => string;

interface Binary {
  /** Types that ONNX Runtime computes with. Another is cast to the first and back, two that differ to the last. */
  readonly types: readonly ComputedType[];
  /** Type of the result; that of the first input by default. */
  readonly result?: ComputedType;
  readonly build: Build;
}

const numbers: readonly ComputedType[] = ["int32", "float32"];
const float: readonly ComputedType[] = ["float32"];

const direct = (operator: string, types = numbers, result?: ComputedType): Binary => ({
  types,
  result,
  build: (graph, a, b) => graph.operator(operator, [a, b]),
});

const binaries: Readonly<Record<string, Binary>> = {
  Add: direct("Add"),
  Sub: direct("Sub"),
  Multiply: direct("Mul"),
  Maximum: direct("Max"),
  Minimum: direct("Min"),
  RealDiv: direct("Div", float),
  SquaredDifference: {
    types: numbers,
    build(graph, a, b) {
      const difference = graph.operator("Sub", [a, b]);
      return graph.operator("Mul", [difference, difference]);
    },
  },
  Pow: { types: numbers, build: buildPower },
  // In 64-bit floats the quotient of two int32 is exact enough for its floor, and a division by zero is no trap of
  // the processor. As on the cpu backend it gives 0.
  FloorDiv: {
    types: numbers,
    result: "int32",
    build(graph, a, b, type) {
      const quotient = graph.operator("Div", [graph.cast(a, "float64"), graph.cast(b, "float64")]);
      const floor = graph.cast(graph.cast(graph.operator("Floor", [quotient]), "int64"), "int32");
      const isZero = graph.operator("Equal", [b, graph.scalar(type, 0)]);
      return graph.operator("Where", [isZero, graph.scalar("int32", 0), floor]);
    },
  },
  // JavaScript's remainder has the sign of `a`; the kernel's has the sign of `b`.
  Mod: {
    types: numbers,
    build(graph, a, b, type) {
      const [x, y] = [graph.cast(a, "float64"), graph.cast(b, "float64")];
      const zero = graph.scalar("float64", 0);
      const remainder = graph.operator("Mod", [x, y], { fmod: 1 });
      const moved = graph.operator("Mod", [graph.operator("Add", [remainder, y]), y], { fmod: 1 });
      const negative = (value: string) => graph.operator("Less", [value, zero]);
      const differ = graph.operator("Xor", [negative(x), negative(y)]);
      const result = graph.operator("Where", [differ, moved, remainder]);
      if (type === "float32") return graph.cast(result, type);
      const isZero = graph.operator("Equal", [b, graph.scalar(type, 0)]);
      return graph.operator("Where", [isZero, graph.scalar(type, 0), graph.cast(result, type)]);
    },
  },
  Atan2: { types: float, build: buildAtan2 },
  Greater: direct("Greater", numbers, "bool"),
  GreaterEqual: direct("GreaterOrEqual", numbers, "bool"),
  Less: direct("Less", numbers, "bool"),
  LessEqual: direct("LessOrEqual", numbers, "bool"),
  Equal: direct("Equal", ["bool", "int32", "float32"], "bool"),
  NotEqual: {
    types: ["bool", "int32", "float32"],
    result: "bool",
    build: (graph, a, b) => graph.operator("Not", [graph.operator("Equal", [a, b])]),
  },
  LogicalAnd: direct("And", ["bool"], "bool"),
  LogicalOr: direct("Or", ["bool"], "bool"),
  BitwiseAnd: direct("BitwiseAnd", ["int32"]),
  Prelu: {
    types: float,
    result: "float32",
    build: (graph, x, alpha) => {
      const below = graph.operator("Less", [x, graph.scalar("float32", 0)]);
      return graph.operator("Where", [below, graph.operator("Mul", [x, alpha]), x]);
    },
  },
  // dy times the slope of elu, which from the result y is 1 above 0 and y + 1 below.
  EluGrad: {
    types: float,
    build(graph, dy, y) {
      const above = graph.operator("GreaterOrEqual", [y, graph.scalar("float32", 0)]);
      const slope = graph.operator("Add", [y, graph.scalar("float32", 1)]);
      return graph.operator("Where", [above, dy, graph.operator("Mul", [dy, slope])]);
    },
  },
};

/** Functions of two numbers, with broadcasting. */
export const binaryKernels: KernelTable = {
  ...Object.fromEntries(Object.keys(binaries).map((name) => [name, binaryKernel(name, "a", "b")])),
  Multiply: multiplyKernel(),
  Prelu: binaryKernel("Prelu", "x", "alpha"),
  EluGrad: binaryKernel("EluGrad", "dy", "y"),
  AddN: kernel((inputs, _, recorder) => {
    const terms = Object.values(inputs);
    if (terms.length === 1) return recorder.share(terms[0], terms[0].shape);
    return recorder.record(addNOperation, terms, {}, [terms[0]])[0];
  }),
};

/** Whether a node adds to an entry something that repeats over it: a bias, or as many numbers. */
export function isAddition({ operation, inputs, outputs: [output] }: RecordedNode, entry: Entry): boolean {
  if (operation !== operations.Add || !sameShape(output.shape, entry.shape)) return false;
  const [mine, other] = inputs[0].entry === entry ? inputs : [inputs[1], inputs[0]];
  return sameShape(mine.shape, entry.shape) && other.entry.type === entry.type;
}

/** Records one of the functions. */
export function recordBinary(
  name: string,
  a: TensorInfo,
  b: TensorInfo,
  recorder: KernelRecorder,
): TensorInfo {
  const shape = backend_util.assertAndGetBroadcastShape(a.shape, b.shape);
  const dtype = binaries[name].result ?? a.dtype;
  return recorder.record(operations[name], [a, b], {}, [{ shape, dtype }])[0];
}

// --- internal ---

const operations: Readonly<Record<string, Operation>> = Object.fromEntries(
  Object.entries(binaries).map(([name, { types, result, build }]) => {
    const operation: Operation = {
      name,
      lower(graph, node) {
        if (name === "Add" && addToPostponed(graph, node)) return;
        const [left, right] = node.inputs.map(({ entry }) => entry.type);
        graph.elementwise(node, ([a, b]) => {
          const computed =
            left === right && types.includes(left) ? left : types[left === right ? 0 : types.length - 1];
          const [x, y] = [castAs(graph, a, left, computed), castAs(graph, b, right, computed)];
          const built = build(graph, x, y, computed, node);
          return result ? built : castAs(graph, built, computed, left);
        });
      },
    };
    return [name, operation];
  }),
);

/** A matrix product takes in what is added to it. */
function addToPostponed(graph: GraphBuilder, { inputs: [a, b], outputs: [output] }: RecordedNode): boolean {
  const product = graph.postponed(a.entry) ?? graph.postponed(b.entry);
  if (!product) return false;
  graph.bind(output, product(graph.small(graph.postponed(a.entry) ? b : a).name));
  return true;
}

const addNOperation: Operation = {
  name: "AddN",
  lower(graph, node) {
    graph.elementwise(node, ([first, ...rest]) =>
      rest.reduce((sum, term) => graph.operator("Add", [sum, term]), first),
    );
  },
};

function binaryKernel(name: string, left: string, right: string): Kernel {
  return kernel((inputs, _, recorder) => recordBinary(name, inputs[left], inputs[right], recorder));
}

/** A product with a fill of ones, as the gradients of sums contain it, is the other factor. */
function multiplyKernel(): Kernel {
  return kernel(({ a, b }, _, recorder) => {
    if (a.dtype === b.dtype && a.dtype !== "string") {
      const shape = backend_util.assertAndGetBroadcastShape(a.shape, b.shape);
      const keep = (factor: TensorInfo) =>
        sameShape(factor.shape, shape) ? recorder.share(factor, shape) : broadcastTo(factor, shape, recorder);
      if (recorder.uniform(b) === 1) return keep(a);
      if (recorder.uniform(a) === 1) return keep(b);
    }
    return recordBinary("Multiply", a, b, recorder);
  });
}

/** Powers that are constants of the graph become what they are. */
function buildPower(
  graph: GraphBuilder,
  x: string,
  power: string,
  type: ComputedType,
  node: RecordedNode,
): string {
  const exponent = type === "float32" ? graph.number(node.inputs[1]) : undefined;
  if (exponent === 1) return x;
  if (exponent === 2) return graph.operator("Mul", [x, x]);
  if (exponent === -1) return graph.operator("Reciprocal", [x]);
  return graph.operator("Pow", [x, power]);
}

/** The angle of the point (x, y) from its tangent, in all four quadrants; ONNX has no operator for it. */
function buildAtan2(graph: GraphBuilder, y: string, x: string): string {
  const scalar = (value: number) => graph.scalar("float32", value);
  const choose = (condition: string, yes: string, no: string) =>
    graph.operator("Where", [condition, yes, no]);
  const isBelow = graph.operator("Less", [y, scalar(0)]);
  const angle = graph.operator("Atan", [graph.operator("Div", [y, x])]);
  const turn = choose(isBelow, scalar(-Math.PI), scalar(Math.PI));
  const right = choose(graph.operator("Less", [x, scalar(0)]), graph.operator("Add", [angle, turn]), angle);
  const isOrigin = graph.operator("Equal", [y, scalar(0)]);
  const vertical = choose(isOrigin, scalar(0), choose(isBelow, scalar(-Math.PI / 2), scalar(Math.PI / 2)));
  return choose(graph.operator("Equal", [x, scalar(0)]), vertical, right);
}
