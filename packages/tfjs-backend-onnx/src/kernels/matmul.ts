import {
  type _FusedMatMulAttrs,
  type BatchMatMulAttrs,
  backend_util,
  type TensorInfo,
  util,
} from "@tensorflow/tfjs-core";
import type { GraphBuilder } from "../graph/graph-builder.js";
import type { Operation } from "../graph/operation.js";
import { OnnxBackendError } from "../onnx-backend-error.js";
import type { KernelRecorder } from "../recording/kernel-recorder.js";
import type { Edge, RecordedNode } from "../recording/recorded-node.js";
import { sizeOf } from "../recording/tensor-shape.js";
import { recordActivation } from "./activation.js";
import { isAddition, recordBinary } from "./binary.js";
import { buildInt8Product } from "./int8-product.js";
import { type KernelTable, kernel } from "./kernel.js";

/** Matrix products. */
export const matmulKernels: KernelTable = {
  BatchMatMul: kernel<BatchMatMulAttrs>(({ a, b }, { transposeA, transposeB }, recorder) =>
    recordMatmul(a, b, transposeA, transposeB, recorder),
  ),
  _FusedMatMul: kernel<_FusedMatMulAttrs>(
    (
      { a, b, bias, preluActivationWeights },
      { transposeA, transposeB, activation, leakyreluAlpha },
      recorder,
    ) => {
      let result = recordMatmul(a, b, transposeA, transposeB, recorder);
      if (bias) result = recorder.replace(result, recordBinary("Add", result, bias, recorder));
      return recordActivation(result, { activation, leakyreluAlpha, preluActivationWeights }, recorder);
    },
  ),
  Einsum: kernel<{ equation: string }>((inputs, { equation }, recorder) => {
    const terms = Object.values(inputs);
    const { allDims, summedDims, idDims } = backend_util.decodeEinsumEquation(equation, terms.length);
    backend_util.checkEinsumDimSizes(allDims.length, idDims, terms as never);
    const sizes = new Map(
      terms.flatMap(({ shape }, term) => idDims[term].map((dimension, axis) => [dimension, shape[axis]])),
    );
    const order = allDims
      .map((_, dimension) => dimension)
      .filter((dimension) => !summedDims.includes(dimension));
    const shape = order.map((dimension) => sizes.get(dimension)!);
    if (terms.some((term) => sizeOf(term.shape) === 0)) return recorder.fill(shape, terms[0].dtype, 0);
    const normalised = equation.replace(/\s/g, "");
    return recorder.record(einsumOperation, terms, { equation: normalised }, [
      { shape, dtype: terms[0].dtype },
    ])[0];
  }),
};

// --- internal ---

function recordMatmul(
  a: TensorInfo,
  b: TensorInfo,
  transposeA: boolean,
  transposeB: boolean,
  recorder: KernelRecorder,
): TensorInfo {
  const [rankA, rankB] = [a.shape.length, b.shape.length];
  util.assert(
    rankA >= 2 && rankB >= 2,
    () => `Matrix products need rank 2, got [${a.shape}] and [${b.shape}]`,
  );
  const [rows, innerA] = transposed(a.shape.slice(-2), transposeA);
  const [innerB, columns] = transposed(b.shape.slice(-2), transposeB);
  if (innerA !== innerB) {
    throw new OnnxBackendError({
      code: "SHAPE_MISMATCH",
      component: "kernels",
      problem: `expected inner sizes of a matrix product to be equal, got ${innerA} of [${a.shape}] and ${innerB} of [${b.shape}]`,
      remedy: "Check transposeA and transposeB",
    });
  }
  const batch = backend_util.assertAndGetBroadcastShape(
    a.shape.slice(0, rankA - 2),
    b.shape.slice(0, rankB - 2),
  );
  const shape = [...batch, rows, columns];
  if (innerA === 0) return recorder.fill(shape, a.dtype, 0);
  const attributes = { transposeA: Number(transposeA ?? false), transposeB: Number(transposeB ?? false) };
  return recorder.record(matmulOperation, [a, b], attributes, [{ shape, dtype: a.dtype }])[0];
}

function transposed([rows, columns]: readonly number[], swap: boolean): [number, number] {
  return swap ? [columns, rows] : [rows, columns];
}

const matmulOperation: Operation = {
  name: "BatchMatMul",
  rightFactor({ attributes, inputs: [a, b] }) {
    const isTable = b.shape.length === 2 && b.entry.type === "float32" && a.entry.type === "float32";
    return isTable ? { edge: b, transposed: attributes.transposeB === 1 } : undefined;
  },
  lower(graph, { attributes, inputs: [a, b], outputs: [output] }) {
    const [transA, transB] = [attributes.transposeA as number, attributes.transposeB as number];
    const factor = graph.factor(b);
    if (factor?.kind === "integers" && factor.transposed === (transB === 1)) {
      const left = swapped(graph, graph.value(a), a.shape, transA);
      graph.bind(output, buildInt8Product(graph, left, factor));
      return;
    }
    const right = factor?.kind === "floats" ? factor.name : graph.value(b);
    const reader = graph.soleReader(output);
    const isFloatTable = output.type === "float32" && output.shape.length === 2;
    if (isFloatTable && reader && isAddition(reader, output) && !otherIsPostponed(graph, reader)) {
      const factors = [graph.value(a), right];
      graph.postpone(output, (addend) => graph.operator("Gemm", [...factors, addend], { transA, transB }));
      return;
    }
    graph.bind(output, buildMatmul(graph, a, b, right, transA, transB));
  },
};

/** Of two products that are added, one takes the other in. */
function otherIsPostponed(graph: GraphBuilder, { inputs }: RecordedNode): boolean {
  return inputs.some(({ entry }) => graph.postponed(entry));
}

function buildMatmul(
  graph: GraphBuilder,
  a: Edge,
  b: Edge,
  right: string,
  transA: number,
  transB: number,
): string {
  const left = graph.value(a);
  if (a.entry.type !== "float32") {
    const [x, y] = [integers(graph, a, left, transA), integers(graph, b, right, transB)];
    const product = graph.operator("MatMul", [x, y]);
    return a.entry.type === "bool" ? graph.cast(product, "bool") : product;
  }
  if (transA === 0 && transB === 0) return graph.operator("MatMul", [left, right]);
  if (a.shape.length === 2 && b.shape.length === 2)
    return graph.operator("Gemm", [left, right], { transA, transB });
  if (graph.standardOnly) {
    const factors = [swapped(graph, left, a.shape, transA), swapped(graph, right, b.shape, transB)];
    return graph.operator("MatMul", factors);
  }
  const attributes = { transA, transB, alpha: { float: 1 } };
  return graph.operator("FusedMatMul", [left, right], attributes, "com.microsoft");
}

/** A factor of a product of integers, which no operator transposes on the way. */
function integers(graph: GraphBuilder, { entry, shape }: Edge, name: string, transpose: number): string {
  const value = entry.type === "bool" ? graph.cast(name, "int32") : name;
  return swapped(graph, value, shape, transpose);
}

/** The last two axes swapped, where `transpose` is 1. */
function swapped(graph: GraphBuilder, value: string, shape: readonly number[], transpose: number): string {
  if (transpose === 0) return value;
  const batchAxes = shape.slice(0, -2).map((_, axis) => axis);
  const perm = [...batchAxes, shape.length - 1, shape.length - 2];
  return graph.operator("Transpose", [value], { perm });
}

const einsumOperation: Operation = {
  name: "Einsum",
  lower(graph, { attributes, inputs, outputs: [output] }) {
    const terms = inputs.map((edge) => graph.value(edge));
    graph.bind(output, graph.operator("Einsum", terms, { equation: attributes.equation as string }));
  },
};
