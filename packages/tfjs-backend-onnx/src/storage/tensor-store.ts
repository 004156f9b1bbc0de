import {
  type BackendValues,
  type DataId,
  DataStorage,
  type DataType,
  engine,
  type KernelBackend,
  type TensorInfo,
} from "@tensorflow/tfjs-core";
import { OnnxBackendError } from "../onnx-backend-error.js";
import { type ComputedType, Entry, type RecordedNode, type Values } from "../recording/recorded-node.js";
import { sizeOf } from "../recording/tensor-shape.js";
import type { BufferPool } from "./buffer-pool.js";

/** tfjs keeps the text of string tensors in the backend as well. */
export interface Texts {
  references: number;
  readonly texts: Uint8Array[];
}

export type Stored = Entry | Texts;

/** What stands behind each `dataId` of tfjs, and when its array goes back to the pool. */
export class TensorStore {
  readonly #data: DataStorage<Stored>;
  readonly #pool: BufferPool;
  #heldBytes = 0;

  constructor(backend: KernelBackend, pool: BufferPool) {
    this.#data = new DataStorage<Stored>(backend, engine());
    this.#pool = pool;
  }

  get count(): number {
    return this.#data.numDataIds();
  }

  /** Bytes that disposed tensors still hold because a recorded node reads them. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  has(dataId: DataId): boolean {
    return this.#data.has(dataId);
  }

  get(dataId: DataId): Stored {
    return this.#data.get(dataId);
  }

  /** @throws the error of a tensor that failed */
  entryOf({ dataId }: TensorInfo): Entry {
    const stored = this.#data.get(dataId);
    if (isTexts(stored)) throw unsupportedType("string");
    if (stored.failure) throw stored.failure;
    return stored;
  }

  /** Values from the host. They are copied: the caller may change its array before the recording runs. */
  write(dataId: DataId, given: BackendValues, shape: number[], dtype: DataType, references: number): void {
    if (dtype === "string") {
      this.#data.set(dataId, { references, texts: given as Uint8Array[] });
      return;
    }
    const values = given as Values;
    const entry = new Entry(shape, computedType(dtype));
    entry.references = references;
    entry.constant = values.length === 1;
    entry.values = this.#pool.take(entry.type, values.length);
    entry.values.set(values);
    this.#data.set(dataId, entry);
  }

  /** A tensor of one reference. */
  tensorOf(entry: Entry): TensorInfo {
    const dataId = {};
    this.#data.set(dataId, entry);
    return { dataId, shape: [...entry.shape], dtype: entry.type };
  }

  textTensor(shape: readonly number[], texts: Uint8Array[]): TensorInfo {
    const dataId = {};
    this.#data.set(dataId, { references: 1, texts });
    return { dataId, shape: [...shape], dtype: "string" };
  }

  /** Gives a recorded fill its values, without a run. */
  fillOnHost(entry: Entry): void {
    if (!entry.node || entry.uniform === undefined) return;
    entry.values = this.#pool.take(entry.type, sizeOf(entry.shape)).fill(entry.uniform);
    entry.node = undefined;
  }

  /** The values for the program. The array goes out of our hands, so it is never used for another tensor. */
  handOut(entry: Entry): Values {
    if (entry.failure) throw entry.failure;
    entry.escaped = true;
    return entry.hostValues();
  }

  /** Forgets a tensor that nobody refers to; recorded nodes keep its values until they ran. */
  remove(dataId: DataId, stored: Stored): void {
    stored.references = 0;
    this.#data.delete(dataId);
    if (isTexts(stored)) return;
    if (stored.readers === 0) this.#recycle(stored);
    else if (stored.values) this.#heldBytes += stored.values.byteLength;
  }

  /** After a run no node is left, and what only nodes held goes back to the pool. */
  settle(recorded: readonly RecordedNode[]): void {
    this.#pool.endRun();
    for (const { inputs, outputs } of recorded) {
      for (const { entry } of inputs) {
        if (--entry.readers === 0 && entry.references === 0) this.#recycle(entry);
      }
      for (const entry of outputs) {
        entry.node = undefined;
        if (entry.references === 0 && entry.readers === 0) this.#recycle(entry);
      }
    }
  }

  /** To be called when what is recorded is taken to be run: what it holds will be settled. */
  forgetHeld(): void {
    this.#heldBytes = 0;
  }

  #recycle(entry: Entry): void {
    if (entry.awaiting > 0) return;
    if (entry.values && !entry.escaped) this.#pool.give(entry.type, entry.values);
    entry.values = undefined;
    entry.int8 = undefined;
    entry.fed = undefined;
  }
}

export function isTexts(stored: Stored): stored is Texts {
  return "texts" in stored;
}

/** @throws OnnxBackendError `UNSUPPORTED` for complex numbers and strings */
export function computedType(dtype: DataType): ComputedType {
  if (dtype === "float32" || dtype === "int32" || dtype === "bool") return dtype;
  throw unsupportedType(dtype);
}

// --- internal ---

function unsupportedType(dtype: DataType): OnnxBackendError {
  return new OnnxBackendError({
    code: "UNSUPPORTED",
    component: "storage",
    problem: `expected a tensor of float32, int32 or bool, got ${dtype}`,
    remedy: 'Compute with it on the backend "cpu"',
  });
}
