import {
  type Denoiser,
  DiffusionError,
  type TokenDistributions,
  type WeightedEntries,
} from "@textdiffusion/core";

/**
 * Backends that compile a graph compile one for each shape, and a generation asks for fewer positions with every step.
 * So their number is rounded up to one of eight: at most an eighth of the canvas passes the head in vain.
 */
const LENGTHS = 8;

/**
 * The same answers from a denoiser that sees few different numbers of positions. The last position repeats as padding.
 *
 * @param denoiser - owned from here on: `dispose()` frees it
 */
export function paddedDenoiser(denoiser: Denoiser): Denoiser {
  const { name, vocabularySize, maxLength, timeConditioned } = denoiser;
  return {
    name,
    vocabularySize,
    maxLength,
    timeConditioned,
    denoise: async (input) => {
      const { length } = input.positions;
      const multiple = Math.ceil((input.batch * input.seq) / LENGTHS);
      const positions = padded(input.positions, multiple);
      return first(length, positions.length, multiple, await denoiser.denoise({ ...input, positions }));
    },
    dispose: () => denoiser.dispose(),
  };
}

// --- internal ---

/** To a multiple of a number; the last one repeats as padding. */
function padded(indices: Int32Array, multiple: number): Int32Array {
  const filled = new Int32Array(Math.ceil(indices.length / multiple) * multiple).fill(
    indices.at(-1) as number,
  );
  filled.set(indices);
  return filled;
}

/** The first `count` of `length` distributions. */
function first(count: number, length: number, multiple: number, all: TokenDistributions): TokenDistributions {
  const combine = (parts: readonly WeightedEntries[]) => {
    const filled = parts.map(({ weight, entries }) => ({ weight, entries: padded(entries, multiple) }));
    const combined = all.combine as NonNullable<TokenDistributions["combine"]>;
    return first(parts[0].entries.length, filled[0].entries.length, multiple, combined(filled));
  };
  return {
    count,
    cost: all.cost,
    combine: all.combine && combine,
    draw: async (rule, uniforms, suppressed, restrictions) => {
      if (uniforms.length !== count) throw wrongLength(count, "uniforms", uniforms.length);
      const filled = new Float64Array(length).fill(0.5);
      filled.set(uniforms);
      const { tokens, logProbs, entropy, margin } = await all.draw(
        rule,
        filled,
        suppressed,
        restrictions && Array.from({ length }, (_, index) => restrictions[Math.min(index, count - 1)]),
      );
      return {
        tokens: tokens.subarray(0, count),
        logProbs: logProbs.subarray(0, count),
        entropy: entropy.subarray(0, count),
        margin: margin.subarray(0, count),
      };
    },
    logProbsOf: async (tokens) => {
      if (tokens.length !== count) throw wrongLength(count, "tokens", tokens.length);
      const filled = new Int32Array(length).fill(tokens[count - 1]);
      filled.set(tokens);
      return (await all.logProbsOf(filled)).subarray(0, count);
    },
    logProbs: async () => {
      const table = await all.logProbs();
      return table.subarray(0, (table.length / length) * count);
    },
    dispose: () => all.dispose(),
  };
}

function wrongLength(count: number, what: string, got: number): DiffusionError {
  return new DiffusionError({
    code: "SHAPE_MISMATCH",
    component: "denoisers/padded",
    problem: `expected ${count} ${what}, got ${got}`,
    remedy: "Pass one for each position",
  });
}
