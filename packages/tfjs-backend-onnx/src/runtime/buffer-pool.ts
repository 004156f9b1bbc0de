import type { ComputedType, Values } from "../recording/recorded-node.js";

/**
 * Arrays for results, given out again when their tensor is gone: a training step then allocates nothing, which spares
 * the collector and the page faults. Arrays are not cleared; whoever takes one writes all of it.
 */
export class BufferPool {
  readonly #free = new Map<string, Values[]>();
  #bytes = 0;

  /** @param limitBytes - what may lie unused; beyond it arrays are left to the collector */
  constructor(readonly limitBytes: number) {}

  get bytes(): number {
    return this.#bytes;
  }

  take(type: ComputedType, size: number): Values {
    const values = this.#free.get(`${type}${size}`)?.pop();
    if (!values) return allocate(type, size);
    this.#bytes -= values.byteLength;
    return values;
  }

  give(type: ComputedType, values: Values): void {
    if (values.byteLength < smallestPooledBytes || this.#bytes + values.byteLength > this.limitBytes) return;
    const key = `${type}${values.length}`;
    const free = this.#free.get(key);
    if (free) free.push(values);
    else this.#free.set(key, [values]);
    this.#bytes += values.byteLength;
  }

  clear(): void {
    this.#free.clear();
    this.#bytes = 0;
  }
}

export function allocate(type: ComputedType, size: number): Values {
  if (type === "float32") return new Float32Array(size);
  return type === "int32" ? new Int32Array(size) : new Uint8Array(size);
}

// --- internal ---

/** Below this an allocation is cheaper than the look-up. */
const smallestPooledBytes = 4096;
