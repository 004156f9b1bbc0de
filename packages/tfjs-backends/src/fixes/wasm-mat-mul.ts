import type { BackendWasm } from "@tensorflow/tfjs-backend-wasm";
import {
  BatchMatMul,
  type BatchMatMulAttrs,
  broadcast_util,
  type TensorInfo,
  util,
} from "@tensorflow/tfjs-core";
import { replaceKernel } from "./replace-kernel.js";

/**
 * Trap: of the wasm backend's matrix products only those of two plain matrices run on XNNPACK. A transposed operand
 * (every gradient, every attention score, a tied output layer) or a batch goes to scalar loops, about ten times slower.
 *
 * Repair: transposed operands are written out in order, and a batch becomes one XNNPACK product for each pair of
 * slices, which are windows on the memory that the operands have already. `bench/wasm-matmul.mjs` measures it.
 */
export function repairMatMul(): void {
  replaceKernel(BatchMatMul, "wasm", (original) => (call) => {
    const { a, b } = call.inputs as Record<"a" | "b", TensorInfo>;
    const { transposeA, transposeB } = call.attrs as unknown as BatchMatMulAttrs;
    const operandA = operandOf(a, transposeA);
    const operandB = operandOf(b, transposeB);
    const isPlain = !transposeA && !transposeB && operandA.slices === 1 && operandB.slices === 1;
    const isEmpty = a.shape.includes(0) || b.shape.includes(0);
    const isValid = operandA.columns === operandB.rows && a.dtype === "float32" && b.dtype === "float32";
    const isTiny = operandA.rows * operandA.columns * operandB.columns <= tinyProduct;
    // The original keeps a plain right operand packed until it is disposed of, which suits weights; and it has the
    // error messages.
    if (isPlain || isEmpty || isTiny || !isValid) return original!(call);
    const outer = broadcast_util.assertAndGetBroadcastShape(a.shape.slice(0, -2), b.shape.slice(0, -2));
    const product = multiply(call.backend as BackendWasm, operandA, operandB);
    product.shape = [...outer, operandA.rows, operandB.columns];
    return product;
  });
}

// --- internal ---

/** Multiplications in a pair of slices, 16 x 16 x 16, up to which calling XNNPACK costs more than it saves. */
const tinyProduct = 4096;

/** A stack of matrices, with the shape that it has in the product. */
interface Operand {
  readonly tensor: TensorInfo;
  readonly slices: number;
  readonly rows: number;
  readonly columns: number;
  /** True when memory holds columns where the product wants rows. */
  readonly transposed: boolean;
}

function operandOf(tensor: TensorInfo, transposed: boolean): Operand {
  const [height, width] = tensor.shape.slice(-2);
  return {
    tensor,
    slices: util.sizeFromShape(tensor.shape.slice(0, -2)),
    rows: transposed ? width : height,
    columns: transposed ? height : width,
    transposed,
  };
}

function flip(operand: Operand): Operand {
  return { ...operand, rows: operand.columns, columns: operand.rows, transposed: !operand.transposed };
}

/** `a b` for each pair of slices, or `(b' a')'` where that copies less: a tied output layer never copies its table. */
function multiply(backend: BackendWasm, a: Operand, b: Operand): TensorInfo {
  const size = ({ rows, columns }: Operand) => rows * columns;
  // XNNPACK copies its right operand once more, into panels.
  const direct = (a.transposed ? size(a) : 0) + (b.transposed ? size(b) : 0) + size(b);
  const turned = (a.transposed ? 0 : size(a)) + (b.transposed ? 0 : size(b)) + size(a) + a.rows * b.columns;
  if (direct <= turned) return multiplyInOrder(backend, a, b);
  const product = multiplyInOrder(backend, flip(b), flip(a));
  const [, rows, columns] = product.shape;
  const result = transpose(backend, product, rows, columns);
  backend.disposeData(product.dataId);
  return result;
}

/** shape [slices, a.rows, b.columns] */
function multiplyInOrder(backend: BackendWasm, a: Operand, b: Operand): TensorInfo {
  const slices = Math.max(a.slices, b.slices);
  const left = a.transposed ? transpose(backend, a.tensor, a.columns, a.rows) : a.tensor;
  const right = b.transposed ? transpose(backend, b.tensor, b.columns, b.rows) : b.tensor;
  const product = backend.makeOutput([slices, a.rows, b.columns], "float32");
  const matMul = matMulOf(backend);
  const shapeOfA = shapeBytes(a);
  const shapeOfB = shapeBytes(b);
  for (let slice = 0; slice < slices; slice++) {
    const windows = [
      openWindow(backend, left, slice % a.slices, a.rows * a.columns),
      openWindow(backend, right, slice % b.slices, b.rows * b.columns),
      openWindow(backend, product, slice, a.rows * b.columns),
    ];
    matMul(windows[0], shapeOfA, 3, windows[1], shapeOfB, 3, false, false, windows[2]);
    // Also frees the panels that XNNPACK made of this slice of b.
    for (const window of windows) tfjsOf(backend).disposeData(window);
  }
  if (left !== a.tensor) backend.disposeData(left.dataId);
  if (right !== b.tensor) backend.disposeData(right.dataId);
  return product;
}

/** Each slice of `tensor`, [rows, columns] in memory, as [columns, rows]. */
function transpose(backend: BackendWasm, tensor: TensorInfo, rows: number, columns: number): TensorInfo {
  const slices = util.sizeFromShape(tensor.shape) / (rows * columns);
  const output = backend.makeOutput([slices, columns, rows], "float32"); // before the views: it may move the heap
  const from = backend.typedArrayFromHeap(tensor);
  const to = backend.typedArrayFromHeap(output);
  for (let slice = 0; slice < slices; slice++) {
    const start = slice * rows * columns;
    for (let top = 0; top < rows; top += tile) {
      const bottom = Math.min(top + tile, rows);
      for (let column = 0; column < columns; column++) {
        for (let row = top; row < bottom; row++) {
          to[start + column * rows + row] = from[start + row * columns + column];
        }
      }
    }
  }
  return output;
}

/** Rows that are read side by side, so that a cache line which is fetched is used whole. */
const tile = 16;

interface TfjsModule {
  registerTensor(id: number, size: number, memoryOffset: number): void;
  disposeData(id: number): void;
}

type MatMul = (
  aId: number,
  aShape: Uint8Array,
  aRank: number,
  bId: number,
  bShape: Uint8Array,
  bRank: number,
  transposeA: boolean,
  transposeB: boolean,
  outId: number,
) => void;

const matMuls = new WeakMap<object, MatMul>();

/** The product as the wasm module exports it. */
function matMulOf(backend: BackendWasm): MatMul {
  const wasm = backend.wasm as unknown as {
    cwrap(name: string, returns: null, parameters: readonly string[]): MatMul;
  };
  let matMul = matMuls.get(wasm);
  if (!matMul) {
    const number = "number";
    const operand = [number, "array", number];
    matMul = wasm.cwrap(BatchMatMul, null, [...operand, ...operand, number, number, number]);
    matMuls.set(wasm, matMul);
  }
  return matMul;
}

function tfjsOf(backend: BackendWasm): TfjsModule {
  return (backend.wasm as unknown as { tfjs: TfjsModule }).tfjs;
}

/** Tells the wasm module of one slice as a tensor of its own, under a number that no tensor has or will have. */
function openWindow(backend: BackendWasm, tensor: TensorInfo, slice: number, size: number): number {
  const id = (backend as unknown as { dataIdNextNumber: number }).dataIdNextNumber++;
  tfjsOf(backend).registerTensor(id, size, backend.getMemoryOffset(tensor.dataId) + slice * size * 4);
  return id;
}

function shapeBytes({ rows, columns }: Operand): Uint8Array {
  return new Uint8Array(new Int32Array([1, rows, columns]).buffer);
}
