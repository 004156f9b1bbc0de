import {
  type CumsumAttrs,
  type LinSpaceAttrs,
  type RangeAttrs,
  type SearchSortedAttrs,
  type TensorInfo,
  type TopKAttrs,
  upcastType,
} from "@tensorflow/tfjs-core";
import type { GraphBuilder } from "../graph/graph-builder.js";
import type { Operation } from "../graph/operation.js";
import type { ComputedType } from "../recording/recorded-node.js";
import { sizeOf } from "../recording/tensor-shape.js";
import { castAs } from "./casts.js";
import { type Kernel, type KernelTable, kernel } from "./kernel.js";

/** Selection, order, running sums, and the sequences that they start from. */
export const choosingKernels: KernelTable = {
  Select: kernel(({ condition, t, e }, _, recorder) => {
    const dtype = upcastType(t.dtype, e.dtype);
    const inputs = [withTrailingAxes(condition, t.shape.length), t, e];
    return recorder.record(selectOperation, inputs, {}, [{ shape: t.shape, dtype }])[0];
  }),
  TopK: kernel<TopKAttrs>(({ x }, { k }, recorder) => {
    const shape = [...x.shape.slice(0, -1), k];
    return recorder.record(topKOperation, [x], { k }, [
      { shape, dtype: x.dtype },
      { shape, dtype: "int32" },
    ]);
  }),
  Cumsum: cumulativeKernel("Cumsum", buildCumulativeSum),
  Cumprod: cumulativeKernel("Cumprod", buildCumulativeProduct),
  SearchSorted: kernel<SearchSortedAttrs>(({ sortedSequence, values }, { side }, recorder) => {
    if (sizeOf(sortedSequence.shape) === 0) return recorder.fill(values.shape, "int32", 0);
    return recorder.record(searchOperation, [sortedSequence, values], { side }, [
      { shape: values.shape, dtype: "int32" },
    ])[0];
  }),
  Range: kernel<RangeAttrs>((_, { start, stop, step, dtype }, recorder) => {
    const runsAway = (start < stop && step < 0) || (stop < start && step > 1);
    const size = start === stop || runsAway ? 0 : Math.abs(Math.ceil((stop - start) / step));
    const signedStep = stop < start && step === 1 ? -1 : step; // 1 is the default, whichever way it goes
    const values = dtype === "int32" ? new Int32Array(size) : new Float32Array(size);
    values[0] = start;
    for (let place = 1; place < size; place++) values[place] = values[place - 1] + signedStep;
    return recorder.host([size], dtype === "int32" ? "int32" : "float32", values);
  }),
  LinSpace: kernel<LinSpaceAttrs>((_, { start, stop, num }, recorder) => {
    const step = (stop - start) / (num - 1);
    const values = new Float32Array(num);
    values[0] = start;
    for (let place = 1; place < num; place++) values[place] = values[place - 1] + step;
    return recorder.host([num], "float32", values);
  }),
};

// --- internal ---

/** A condition of one axis chooses whole rows. */
function withTrailingAxes(condition: TensorInfo, rank: number): TensorInfo {
  if (condition.shape.length !== 1 || rank <= 1) return condition;
  return { ...condition, shape: [condition.shape[0], ...new Array(rank - 1).fill(1)] };
}

const selectOperation: Operation = {
  name: "Select",
  lower(graph, node) {
    const [condition, t, e] = node.inputs;
    const type = node.outputs[0].type;
    graph.elementwise(node, ([given, yes, no]) => {
      const chosen = castAs(graph, given, condition.entry.type, "bool");
      const [left, right] = [castAs(graph, yes, t.entry.type, type), castAs(graph, no, e.entry.type, type)];
      if (type !== "bool") return graph.operator("Where", [chosen, left, right]);
      const otherwise = graph.operator("And", [graph.operator("Not", [chosen]), right]);
      return graph.operator("Or", [graph.operator("And", [chosen, left]), otherwise]);
    });
  },
};

const topKOperation: Operation = {
  name: "TopK",
  lower(graph, { attributes, inputs: [x], outputs: [values, places] }) {
    const type = x.entry.type === "bool" ? "int32" : x.entry.type;
    const inputs = [
      castAs(graph, graph.value(x), x.entry.type, type),
      graph.integers([attributes.k as number]),
    ];
    const [top, at] = graph.operators("TopK", inputs, { axis: -1, largest: 1, sorted: 1 }, { outputs: 2 });
    graph.bind(values, castAs(graph, top, type, x.entry.type));
    graph.bind(places, graph.cast(at, "int32"));
  },
};

type BuildCumulative = (graph: GraphBuilder, x: string, given: CumulativeAttributes) => string;

interface CumulativeAttributes {
  readonly axis: number;
  /** 0 or 1 */
  readonly exclusive: number;
  readonly reverse: number;
  readonly shape: readonly number[];
  readonly type: ComputedType;
}

function cumulativeKernel(name: string, build: BuildCumulative): Kernel {
  const operation: Operation = {
    name,
    lower(graph, { attributes, inputs: [x], outputs: [output] }) {
      const value = castAs(graph, graph.value(x), x.entry.type, output.type);
      const { axis, exclusive, reverse } = attributes as unknown as CumulativeAttributes;
      graph.bind(
        output,
        build(graph, value, { axis, exclusive, reverse, shape: x.shape, type: output.type }),
      );
    },
  };
  return kernel<CumsumAttrs>(({ x }, { axis, exclusive, reverse }, recorder) => {
    const attributes = { axis, exclusive: Number(exclusive ?? false), reverse: Number(reverse ?? false) };
    return recorder.record(operation, [x], attributes, [
      { shape: x.shape, dtype: upcastType(x.dtype, "int32") },
    ])[0];
  });
}

function buildCumulativeSum(
  graph: GraphBuilder,
  x: string,
  { axis, exclusive, reverse }: CumulativeAttributes,
): string {
  const place = graph.scalar("int32", axis);
  return graph.operator("CumSum", [x, place], { exclusive, reverse });
}

/**
 * ONNX has no running product. Each round multiplies by the product of as many numbers before as are joined already:
 * 1, 2, 4, ... (Hillis and Steele 1986, Data parallel algorithms).
 */
function buildCumulativeProduct(graph: GraphBuilder, x: string, given: CumulativeAttributes): string {
  const { axis, exclusive, reverse, shape, type } = given;
  const size = shape[axis];
  const moved = (value: string, by: number): string => {
    const pads = new Array(2 * shape.length).fill(0);
    pads[reverse ? shape.length + axis : axis] = by;
    const padded = graph.operator("Pad", [value, graph.integers(pads), graph.scalar(type, 1)]);
    const from = reverse ? by : 0;
    const bounds = [graph.integers([from]), graph.integers([from + size]), graph.integers([axis])];
    return graph.operator("Slice", [padded, ...bounds]);
  };
  let products = exclusive ? moved(x, 1) : x;
  for (let joined = 1; joined < size; joined *= 2) {
    products = graph.operator("Mul", [products, moved(products, joined)]);
  }
  return products === x ? graph.operator("Identity", [x]) : products;
}

/** The place of a value is the number of those below it (or, on the right side, not above it). */
const searchOperation: Operation = {
  name: "SearchSorted",
  lower(graph, { attributes, inputs: [sequence, values], outputs: [output] }) {
    const [rows, width] = sequence.shape;
    const sorted = graph.reshape(graph.value(sequence), [rows, 1, width]);
    const sought = graph.reshape(graph.value(values), [rows, values.shape[1], 1]);
    const below = graph.operator(attributes.side === "left" ? "Less" : "LessOrEqual", [sorted, sought]);
    const counted = graph.operator("ReduceSum", [graph.cast(below, "int32"), graph.integers([2])], {
      keepdims: 0,
    });
    graph.bind(output, counted);
  },
};
