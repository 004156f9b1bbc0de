import type { KernelBackend } from "@tensorflow/tfjs-core";

/**
 * WebAssembly's allocator answers 0 where memory is out, and takes sizes modulo 4 GiB; tfjs would write there.
 *
 * @param failure - what is thrown instead, for a number of bytes
 */
export function repairAllocation(backend: KernelBackend, failure: (bytes: number) => Error): void {
  const { wasm } = backend as KernelBackend & {
    readonly wasm: { _malloc(bytes: number): number; _free(address: number): void };
  };
  wasm._free(wasm._malloc(1)); // the first call puts another function in the place of the one that was called
  const allocate = wasm._malloc;
  wasm._malloc = (bytes) => {
    const address = bytes < 2 ** 32 ? allocate(bytes) : 0;
    if (address === 0 && bytes > 0) throw failure(bytes);
    return address;
  };
}
