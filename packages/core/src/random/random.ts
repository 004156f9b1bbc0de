import { DiffusionError } from "../errors/diffusion-error.js";
import { threefry2x32 } from "./threefry.js";

/** Numbers of one row in one step, keyed by position and purpose: asking twice gives the same number. */
export interface RowRandom {
  /** A double in the open interval (0, 1). `purpose` keeps two uses of one position apart. */
  uniform(position: number, purpose: string): number;
}

const word = new Uint32Array(2);

/**
 * A counter-based stream: every number is a pure function of the stream's key and an index, so nothing depends on the
 * order of calls, the batch, the backend or the number of workers. Streams are split by name, never shared.
 */
export class Random {
  private constructor(
    private readonly low: number,
    private readonly high: number,
  ) {}

  /**
   * @param seed - any safe integer
   * @throws DiffusionError `CONFIG_INVALID` for any other number, which would share its stream with one
   */
  static fromSeed(seed: number): Random {
    if (!Number.isSafeInteger(seed)) {
      throw new DiffusionError({
        code: "CONFIG_INVALID",
        component: "core/random",
        problem: `expected a safe integer as seed, got ${seed}`,
        remedy: "Use a whole number",
      });
    }
    return new Random(seed >>> 0, Math.floor(seed / 0x1_0000_0000) >>> 0);
  }

  /** An independent stream for each distinct sequence of labels: `random.split("step", 3, "dropout")`. */
  split(...labels: readonly (string | number)[]): Random {
    let { low, high } = this;
    for (const label of labels) {
      const [counterLow, counterHigh] = typeof label === "number" ? splitInteger(label) : hashName(label);
      // A tag apart from `uniform`'s counters: a child's key is never a number of its parent.
      threefry2x32(low ^ 0x5bd1e995, high, counterLow, counterHigh, word);
      low = word[0];
      high = word[1];
    }
    return new Random(low, high);
  }

  /** The double number `index` of this stream, in the open interval (0, 1): `(k + 1/2) / 2^52`. */
  uniform(index = 0): number {
    const [counterLow, counterHigh] = splitInteger(index);
    threefry2x32(this.low, this.high, counterLow, counterHigh, word);
    return ((word[0] >>> 6) * 0x400_0000 + (word[1] >>> 6) + 0.5) / 0x10_0000_0000_0000;
  }

  /** An integer in [0, bound), from the number `index` of this stream. */
  integer(bound: number, index = 0): number {
    return Math.floor(this.uniform(index) * bound);
  }

  /** Fills `out` with floats in [0, 1) on a grid of 2^-24; two to a block, for large arrays (dropout). */
  fillUniform(out: Float32Array): Float32Array {
    for (let index = 0; index < out.length; index += 2) {
      threefry2x32(this.low, this.high, index >>> 1, 0x8000_0000, word);
      out[index] = (word[0] >>> 8) / 0x100_0000;
      if (index + 1 < out.length) out[index + 1] = (word[1] >>> 8) / 0x100_0000;
    }
    return out;
  }

  /** Standard normal numbers by Box and Muller, for initial weights. */
  fillNormal(out: Float32Array, standardDeviation = 1): Float32Array {
    for (let index = 0; index < out.length; index += 2) {
      const radius = Math.sqrt(-2 * Math.log(this.uniform(index))) * standardDeviation;
      const angle = 2 * Math.PI * this.uniform(index + 1);
      out[index] = radius * Math.cos(angle);
      if (index + 1 < out.length) out[index + 1] = radius * Math.sin(angle);
    }
    return out;
  }

  /** The permutation of 0 .. length-1 that this stream picks (Fisher and Yates). */
  permutation(length: number): Int32Array {
    const order = Int32Array.from({ length }, (_, index) => index);
    for (let last = length - 1; last > 0; last--) {
      const other = this.integer(last + 1, last);
      [order[last], order[other]] = [order[other], order[last]];
    }
    return order;
  }
}

// --- internal ---

function splitInteger(value: number): [number, number] {
  return [value >>> 0, Math.floor(value / 0x1_0000_0000) >>> 0];
}

const hashedNames = new Map<string, [number, number]>();

/** Two 32-bit FNV-1a hashes with different bases; the high bit keeps names apart from small integers. */
function hashName(name: string): [number, number] {
  const known = hashedNames.get(name);
  if (known) return known;
  let low = 0x811c9dc5;
  let high = 0x050c5d1f;
  for (let index = 0; index < name.length; index++) {
    low = Math.imul(low ^ name.charCodeAt(index), 0x01000193);
    high = Math.imul(high ^ name.charCodeAt(index), 0x01000193);
  }
  const hash: [number, number] = [low >>> 0, (high | 0x8000_0000) >>> 0];
  hashedNames.set(name, hash);
  return hash;
}
