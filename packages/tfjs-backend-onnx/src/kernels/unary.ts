import type { LeakyReluAttrs, StepAttrs } from "@tensorflow/tfjs-core";
import type { GraphBuilder } from "../graph/graph-builder.js";
import type { Operation } from "../graph/operation.js";
import type { ComputedType } from "../recording/recorded-node.js";
import { castAs } from "./casts.js";
import { type Kernel, type KernelTable, kernel } from "./kernel.js";

type Attributes = Readonly<Record<string, unknown>>;

interface Unary {
  /** Types that ONNX Runtime computes with; another is cast to float32 and back, as tfjs's cpu backend does in effect. */
  readonly types: readonly ComputedType[];
  /** Type of the result; that of the input by default. */
  readonly result?: ComputedType;
  build(graph: GraphBuilder, x: string, attributes: Attributes, type: ComputedType): string;
}

const float: readonly ComputedType[] = ["float32"];
const numbers: readonly ComputedType[] = ["float32", "int32"];

const direct = (operator: string, types = float): Unary => ({
  types,
  build: (graph, x) => graph.operator(operator, [x]),
});

const unaries: Readonly<Record<string, Unary>> = {
  Abs: direct("Abs", numbers),
  Acos: direct("Acos"),
  Acosh: direct("Acosh"),
  Asin: direct("Asin"),
  Asinh: direct("Asinh"),
  Atan: direct("Atan"),
  Atanh: direct("Atanh"),
  Ceil: direct("Ceil"),
  Cos: direct("Cos"),
  Cosh: direct("Cosh"),
  Elu: direct("Elu"),
  Erf: direct("Erf"),
  Exp: { ...direct("Exp"), result: "float32" },
  Floor: direct("Floor"),
  Log: direct("Log"),
  Neg: direct("Neg", numbers),
  Reciprocal: direct("Reciprocal"),
  Round: direct("Round"), // both round halves to even
  Selu: direct("Selu"),
  Sigmoid: direct("Sigmoid"),
  Sin: direct("Sin"),
  Sinh: direct("Sinh"),
  Softplus: direct("Softplus"),
  Sqrt: direct("Sqrt"),
  Tan: direct("Tan"),
  Tanh: direct("Tanh"),
  Square: {
    types: numbers,
    // As a power, by which the runtime recognises a layer normalisation; it computes it as a product.
    build: (graph, x, _, type) =>
      type === "float32"
        ? graph.operator("Pow", [x, graph.scalar("float32", 2)])
        : graph.operator("Mul", [x, x]),
  },
  Rsqrt: {
    types: float,
    build: (graph, x) => graph.operator("Reciprocal", [graph.operator("Sqrt", [x])]),
  },
  Sign: {
    types: numbers,
    build(graph, x, _, type) {
      const zero = graph.scalar(type, 0); // by comparison, so that NaN gives 0 as on the cpu backend
      const above = graph.cast(graph.operator("Greater", [x, zero]), type);
      return graph.operator("Sub", [above, graph.cast(graph.operator("Less", [x, zero]), type)]);
    },
  },
  // Close to 0, exp(x) - 1 and log(1 + x) lose all digits; these forms do not. tanh(x / 2) = (e^x - 1) / (e^x + 1).
  Expm1: {
    types: float,
    build(graph, x) {
      const tangent = graph.operator("Tanh", [graph.operator("Mul", [x, graph.scalar("float32", 0.5)])]);
      const twice = graph.operator("Add", [tangent, tangent]);
      const small = graph.operator("Div", [twice, graph.operator("Sub", [one(graph), tangent])]);
      const large = graph.operator("Sub", [graph.operator("Exp", [x]), one(graph)]);
      return graph.operator("Where", [isSmall(graph, x), small, large]);
    },
  },
  // atanh(x / (2 + x)) = log(1 + x) / 2
  Log1p: {
    types: float,
    build(graph, x) {
      const ratio = graph.operator("Div", [x, graph.operator("Add", [x, graph.scalar("float32", 2)])]);
      const half = graph.operator("Atanh", [ratio]);
      const large = graph.operator("Log", [graph.operator("Add", [x, one(graph)])]);
      return graph.operator("Where", [isSmall(graph, x), graph.operator("Add", [half, half]), large]);
    },
  },
  Relu: { types: numbers, build: (graph, x, _, type) => graph.operator("Max", [x, graph.scalar(type, 0)]) },
  Relu6: {
    types: numbers,
    build: (graph, x, _, type) =>
      graph.operator("Min", [graph.operator("Max", [x, graph.scalar(type, 0)]), graph.scalar(type, 6)]),
  },
  LeakyRelu: {
    types: float,
    result: "float32",
    build: (graph, x, { alpha }) => graph.operator("LeakyRelu", [x], { alpha: { float: alpha as number } }),
  },
  Step: {
    types: numbers,
    build(graph, x, { alpha }, type) {
      const above = graph.operator("Greater", [x, graph.scalar(type, 0)]);
      const step = graph.operator("Where", [
        above,
        graph.scalar(type, 1),
        graph.scalar(type, alpha as number),
      ]);
      return type === "float32" ? graph.operator("Where", [graph.operator("IsNaN", [x]), x, step]) : step;
    },
  },
  IsNan: { types: float, result: "bool", build: (graph, x) => graph.operator("IsNaN", [x]) },
  IsInf: { types: float, result: "bool", build: (graph, x) => graph.operator("IsInf", [x]) },
  IsFinite: {
    types: float,
    result: "bool",
    build: (graph, x) =>
      graph.operator("Less", [graph.operator("Abs", [x]), graph.scalar("float32", Number.POSITIVE_INFINITY)]),
  },
  LogicalNot: { types: ["bool"], result: "bool", build: (graph, x) => graph.operator("Not", [x]) },
  ClipByValue: {
    types: numbers,
    // The cpu backend asks x > max first, then x < min, so NaN stays NaN.
    build: (graph, x, { low, high }, type) =>
      graph.operator("Min", [
        graph.operator("Max", [x, graph.scalar(type, low as number)]),
        graph.scalar(type, high as number),
      ]),
  },
};

/** Functions of one number. */
export const unaryKernels: KernelTable = {
  ...Object.fromEntries(Object.keys(unaries).map((name) => [name, unaryKernel(name, () => ({}))])),
  LeakyRelu: unaryKernel<LeakyReluAttrs>("LeakyRelu", ({ alpha }) => ({ alpha })),
  Step: unaryKernel<StepAttrs>("Step", ({ alpha }) => ({ alpha: alpha ?? 0 })),
  ClipByValue: unaryKernel<{ clipValueMin: number; clipValueMax: number }>(
    "ClipByValue",
    ({ clipValueMin, clipValueMax }) => ({ low: clipValueMin, high: clipValueMax }),
  ),
};

// --- internal ---

function unaryKernel<Given>(name: string, attributesOf: (given: Given) => Attributes): Kernel {
  const unary = unaries[name];
  const operation: Operation = {
    name,
    lower(graph, node) {
      const type = node.inputs[0].entry.type;
      graph.elementwise(node, ([x]) => {
        if (unary.types.includes(type)) return unary.build(graph, x, node.attributes, type);
        const computed = unary.types[0];
        const built = unary.build(graph, castAs(graph, x, type, computed), node.attributes, computed);
        return unary.result ? built : castAs(graph, built, computed, type);
      });
    },
  };
  return kernel<Given>(
    ({ x }, given, recorder) =>
      recorder.record(operation, [x], attributesOf(given), [
        { shape: x.shape, dtype: unary.result ?? x.dtype },
      ])[0],
  );
}

function one(graph: GraphBuilder): string {
  return graph.scalar("float32", 1);
}

function isSmall(graph: GraphBuilder, x: string): string {
  return graph.operator("Less", [graph.operator("Abs", [x]), graph.scalar("float32", 0.5)]);
}
