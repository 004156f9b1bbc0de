import type { TokenDistributions, TokenDraws } from "@textdiffusion/core";

/** Distributions from several answers, and where each stands among the whole. */
export interface DistributionsPart {
  /** Owned from here on. */
  readonly distributions: TokenDistributions;
  /** Place of each of them; the places of all parts together are 0, 1, 2 ... */
  readonly places: readonly number[];
}

/** Several answers as one. What comes from one answer can still be combined where it is. */
export function joinDistributions(parts: readonly DistributionsPart[]): TokenDistributions {
  if (parts.length === 1 && parts[0].places.every((place, index) => place === index)) {
    return parts[0].distributions;
  }
  const count = parts.reduce((sum, { places }) => sum + places.length, 0);
  return {
    count,
    draw: async (rule, uniforms, suppressed, restrictions) => {
      const draws: TokenDraws = {
        tokens: new Int32Array(count),
        logProbs: new Float32Array(count),
        entropy: new Float32Array(count),
        margin: new Float32Array(count),
      };
      for (const { distributions, places } of parts) {
        const own = await distributions.draw(
          rule,
          Float64Array.from(places, (place) => uniforms[place]),
          suppressed,
          restrictions && places.map((place) => restrictions[place]),
        );
        places.forEach((place, index) => {
          draws.tokens[place] = own.tokens[index];
          draws.logProbs[place] = own.logProbs[index];
          draws.entropy[place] = own.entropy[index];
          draws.margin[place] = own.margin[index];
        });
      }
      return draws;
    },
    logProbsOf: async (tokens) => {
      const answer = new Float32Array(count);
      for (const { distributions, places } of parts) {
        const own = await distributions.logProbsOf(Int32Array.from(places, (place) => tokens[place]));
        places.forEach((place, index) => {
          answer[place] = own[index];
        });
      }
      return answer;
    },
    logProbs: async () => {
      let table = new Float32Array(0);
      for (const { distributions, places } of parts) {
        const own = await distributions.logProbs();
        const vocabulary = own.length / places.length;
        if (table.length === 0) table = new Float32Array(count * vocabulary);
        places.forEach((place, index) => {
          table.set(own.subarray(index * vocabulary, (index + 1) * vocabulary), place * vocabulary);
        });
      }
      return table;
    },
    dispose: () => {
      for (const { distributions } of parts) distributions.dispose();
    },
  };
}
