import type { NamedArray } from "../contracts/learner.js";
import { DiffusionError } from "../errors/diffusion-error.js";
import { bytesPerElement, encodeHalf } from "./dtype.js";

/** How numbers are written: `F32` keeps them, `F16` halves the file and rounds. */
export type SafetensorsPrecision = "F32" | "F16";

export interface SafetensorsOptions {
  /** Free texts; Python's transformers wants `{ format: "pt" }`. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** Default `F32`. */
  readonly precision?: SafetensorsPrecision;
}

/** The start of a file and the order in which its tensors follow. */
export interface SafetensorsLayout {
  /** Prefix and header. */
  readonly start: Uint8Array;
  /** Names, sorted: write the numbers of each in this order. */
  readonly names: readonly string[];
  /** Size of the whole file. */
  readonly sizeBytes: number;
}

/**
 * The start of a safetensors file for tensors of known shape, so that a large file can be written one tensor at a time.
 *
 * @param shapes - shape of each tensor under its name
 * @throws DiffusionError `MODEL_INVALID` for the reserved name `__metadata__`
 */
export function layoutSafetensors(
  shapes: ReadonlyMap<string, readonly number[]>,
  options: SafetensorsOptions = {},
): SafetensorsLayout {
  const { metadata, precision = "F32" } = options;
  if (shapes.has("__metadata__")) throw invalid('expected no tensor named "__metadata__", got one');
  const names = [...shapes.keys()].sort();
  let offset = 0;
  const entries = names.map((name) => {
    const shape = shapes.get(name) as readonly number[];
    const begin = offset;
    offset += sizeOf(shape) * bytesPerElement[precision];
    return [name, { dtype: precision, shape, data_offsets: [begin, offset] }] as const;
  });
  const header = Object.fromEntries(metadata ? [["__metadata__", metadata], ...entries] : entries);
  const text = new TextEncoder().encode(JSON.stringify(header));
  // Padded with spaces, so that the numbers begin at a multiple of 8 bytes and can be mapped into memory.
  const length = Math.ceil(text.length / 8) * 8;
  const start = new Uint8Array(8 + length).fill(0x20);
  new DataView(start.buffer).setBigUint64(0, BigInt(length), true);
  start.set(text, 8);
  return { start, names, sizeBytes: start.length + offset };
}

/**
 * The bytes of one tensor. With `F32` they are a view of `data`.
 *
 * @param name - for messages
 * @throws DiffusionError `MODEL_INVALID` when shape and data disagree, or when a finite number has no `F16`
 */
export function encodeSafetensorsTensor(
  name: string,
  tensor: NamedArray,
  precision: SafetensorsPrecision = "F32",
): Uint8Array {
  const { shape, data } = tensor;
  if (sizeOf(shape) !== data.length) {
    throw invalid(
      `expected "${name}" of shape [${shape.join(", ")}] to hold ${sizeOf(shape)} numbers, got ${data.length}`,
    );
  }
  if (precision === "F32") return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  const tooLarge = data.find((value) => Math.abs(value) >= 65520 && Math.abs(value) < Infinity);
  if (tooLarge !== undefined) {
    throw invalid(`expected "${name}" to hold numbers that F16 can say (below 65520), got ${tooLarge}`);
  }
  return new Uint8Array(encodeHalf(data).buffer);
}

/**
 * A whole safetensors file in one array. Names are sorted, so equal tensors give equal files.
 *
 * @throws DiffusionError `MODEL_INVALID`
 */
export function encodeSafetensors(
  tensors: ReadonlyMap<string, NamedArray> | Readonly<Record<string, NamedArray>>,
  options: SafetensorsOptions = {},
): Uint8Array {
  const byName = tensors instanceof Map ? tensors : new Map<string, NamedArray>(Object.entries(tensors));
  const shapes = new Map([...byName].map(([name, { shape }]) => [name, shape] as const));
  const layout = layoutSafetensors(shapes, options);
  const file = new Uint8Array(layout.sizeBytes);
  file.set(layout.start);
  let offset = layout.start.length;
  for (const name of layout.names) {
    const bytes = encodeSafetensorsTensor(name, byName.get(name) as NamedArray, options.precision);
    file.set(bytes, offset);
    offset += bytes.length;
  }
  return file;
}

// --- internal ---

function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

function invalid(problem: string): DiffusionError {
  return new DiffusionError({
    code: "MODEL_INVALID",
    component: "core/safetensors",
    problem,
    remedy: "Write other tensors, or write them as F32",
  });
}
