/**
 * Threefry-2x32 with 20 rounds: a counter-based generator made of additions, rotations and xors, the same on every
 * machine. Salmon et al. 2011, "Parallel Random Numbers: As Easy as 1, 2, 3", section 4.2 and table 2.
 *
 * Writes the two 32-bit words of block `counter` under `key` into `out` at `offset`.
 */
export function threefry2x32(
  keyLow: number,
  keyHigh: number,
  counterLow: number,
  counterHigh: number,
  out: Uint32Array,
  offset = 0,
): void {
  const parity = 0x1bd11bda ^ keyLow ^ keyHigh; // Skein's key-schedule constant for 32-bit words
  let x0 = (counterLow + keyLow) | 0;
  let x1 = (counterHigh + keyHigh) | 0;
  for (let group = 0; group < 5; group++) {
    const even = (group & 1) === 0;
    x0 = (x0 + x1) | 0;
    x1 = (even ? (x1 << 13) | (x1 >>> 19) : (x1 << 17) | (x1 >>> 15)) ^ x0;
    x0 = (x0 + x1) | 0;
    x1 = (even ? (x1 << 15) | (x1 >>> 17) : (x1 << 29) | (x1 >>> 3)) ^ x0;
    x0 = (x0 + x1) | 0;
    x1 = (even ? (x1 << 26) | (x1 >>> 6) : (x1 << 16) | (x1 >>> 16)) ^ x0;
    x0 = (x0 + x1) | 0;
    x1 = (even ? (x1 << 6) | (x1 >>> 26) : (x1 << 24) | (x1 >>> 8)) ^ x0;
    const first = group % 3;
    x0 = (x0 + (first === 0 ? keyHigh : first === 1 ? parity : keyLow)) | 0;
    x1 = (x1 + (first === 0 ? parity : first === 1 ? keyLow : keyHigh) + group + 1) | 0;
  }
  out[offset] = x0;
  out[offset + 1] = x1;
}
