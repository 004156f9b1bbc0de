import type { BackendWasm } from "@tensorflow/tfjs-backend-wasm";
import { OneHot, type OneHotAttrs, type TensorInfo } from "@tensorflow/tfjs-core";
import { replaceKernel } from "./replace-kernel.js";

/**
 * Trap: the wasm backend writes 32-bit integers whatever dtype is asked for. A float32 one-hot holds 1.4e-45 instead of
 * 1, so that a loss made from it is 0 without any error; a bool one, a byte an entry, is written past its end.
 *
 * Repair: all dtypes but int32 are written here.
 */
export function repairOneHot(): void {
  replaceKernel(OneHot, "wasm", (original) => (call) => {
    const { depth, dtype, onValue, offValue } = call.attrs as unknown as OneHotAttrs;
    if (dtype === "int32") return original!(call);
    const { indices } = call.inputs as Record<"indices", TensorInfo>;
    const wasm = call.backend as BackendWasm;
    const output = wasm.makeOutput([...indices.shape, depth], dtype); // before the views: it may move the heap
    const ids = wasm.typedArrayFromHeap(indices);
    const values = wasm.typedArrayFromHeap(output).fill(offValue);
    for (let row = 0; row < ids.length; row++) {
      if (ids[row] >= 0 && ids[row] < depth) values[row * depth + ids[row]] = onValue;
    }
    return output;
  });
}
