import { DiffusionError } from "../errors/diffusion-error.js";

/** Number formats of the safetensors specification that have whole bytes, with their size. */
export const bytesPerElement: Readonly<Record<string, number>> = {
  BOOL: 1,
  U8: 1,
  I8: 1,
  F8_E5M2: 1,
  F8_E4M3: 1,
  U16: 2,
  I16: 2,
  F16: 2,
  BF16: 2,
  U32: 4,
  I32: 4,
  F32: 4,
  U64: 8,
  I64: 8,
  F64: 8,
};

/** True for the formats that `decodeElements` turns into floats. */
export function isFloatDtype(dtype: string): boolean {
  return dtype === "F32" || dtype === "F16" || dtype === "BF16" || dtype === "F64";
}

/**
 * Little-endian bytes to floats, in a buffer of their own.
 *
 * @throws DiffusionError `MODEL_INVALID` for a format that holds no floats
 */
export function decodeElements(dtype: string, bytes: Uint8Array): Float32Array {
  // A copy starts aligned, which the bytes of a file need not. (`slice` of Node's Buffer would be a view.)
  const { buffer } = new Uint8Array(bytes);
  switch (dtype) {
    case "F32":
      return new Float32Array(buffer);
    case "F64":
      return Float32Array.from(new Float64Array(buffer));
    case "F16":
      return decodeHalf(new Uint16Array(buffer));
    case "BF16":
      // bfloat16 is the upper half of a float32.
      return new Float32Array(Uint32Array.from(new Uint16Array(buffer), (bits) => bits << 16).buffer);
    default:
      throw new DiffusionError({
        code: "MODEL_INVALID",
        component: "core/safetensors",
        problem: `expected floats, got the number format ${dtype}`,
        remedy: "Read tensors of F32, F16, BF16 or F64 only",
      });
  }
}

/**
 * Floats to little-endian IEEE half precision, to the nearest, ties to even.
 * A finite number beyond 65504 becomes infinite, as the standard rounds it.
 */
export function encodeHalf(values: Float32Array): Uint16Array {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  return Uint16Array.from(bits, halfFromSingle);
}

// --- internal ---

let singleFromHalf: Float32Array | undefined;

/** By a table of all 65536 halves, made on first use. */
function decodeHalf(halves: Uint16Array): Float32Array {
  singleFromHalf ??= Float32Array.from({ length: 0x1_0000 }, (_, half) => {
    const sign = half & 0x8000 ? -1 : 1;
    const exponent = (half >>> 10) & 0x1f;
    const fraction = half & 0x3ff;
    if (exponent === 0) return sign * fraction * 2 ** -24;
    if (exponent === 0x1f) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
    return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
  });
  const table = singleFromHalf;
  return Float32Array.from(halves, (half) => table[half]);
}

function halfFromSingle(single: number): number {
  const sign = (single >>> 16) & 0x8000;
  const magnitude = single & 0x7fff_ffff;
  if (magnitude > 0x7f80_0000) return sign | 0x7e00; // NaN
  if (magnitude >= 0x477f_f000) return sign | 0x7c00; // 65520 and more round to infinity
  if (magnitude < 0x3880_0000) {
    // Below 2^-14 the half is subnormal: a whole number of 2^-24. Adding 0.5 puts that whole number, rounded to even
    // by the float32 addition itself, into the last bits.
    scratch.float[0] = 0.5;
    const half = scratch.bits[0];
    scratch.bits[0] = magnitude;
    scratch.float[0] += 0.5;
    return sign | (scratch.bits[0] - half);
  }
  // Rebias the exponent by 15 - 127, then round the 13 bits that fall away.
  const rounded = magnitude - 0x3800_0000 + 0x0fff + ((magnitude >>> 13) & 1);
  return sign | (rounded >>> 13);
}

const scratch = (() => {
  const float = new Float32Array(1);
  return { float, bits: new Uint32Array(float.buffer) };
})();
