import type { Denoiser, DenoiserInput, TokenDistributions, TokenDraws } from "../../contracts/denoiser.js";
import { faceOf } from "./face-of.js";
import { broken, calling, type Origin } from "./origin.js";

/** One distribution for each requested position, and from each draw one entry for each of them. */
export function checkedDenoiser(denoiser: Denoiser, origin: Origin): Denoiser {
  return faceOf<Denoiser>(denoiser, {
    denoise: async (...asked) => {
      const distributions = await calling(origin, "denoise", () => denoiser.denoise(...asked));
      try {
        return checkedDistributions(distributions, asked[0], denoiser.vocabularySize, origin);
      } catch (error) {
        distributions?.dispose?.(); // nobody else gets hold of it
        throw error;
      }
    },
  });
}

// --- internal ---

const methods = ["draw", "logProbsOf", "logProbs", "dispose"] as const;
const scores = ["logProbs", "entropy", "margin"] as const;

function checkedDistributions(
  distributions: TokenDistributions,
  { positions }: DenoiserInput,
  vocabularySize: number,
  origin: Origin,
): TokenDistributions {
  const count = positions.length;
  const missing = methods.find((name) => typeof distributions?.[name] !== "function");
  if (missing !== undefined) {
    throw broken(origin, `distributions with the method ${missing} from denoise`, distributions);
  }
  if (distributions.count !== count) {
    throw broken(origin, `${count} distributions from denoise`, distributions.count);
  }
  return faceOf<TokenDistributions>(distributions, {
    draw: async (...asked) => {
      const draws = await calling(origin, "draw", () => distributions.draw(...asked));
      assertDraws(draws, count, vocabularySize, origin);
      return draws;
    },
    logProbsOf: async (...asked) => {
      const logProbs = await calling(origin, "logProbsOf", () => distributions.logProbsOf(...asked));
      if (logProbs?.length === count) return logProbs;
      throw broken(origin, `${count} numbers from logProbsOf`, logProbs);
    },
    logProbs: async () => {
      const table = await calling(origin, "logProbs", () => distributions.logProbs());
      if (table?.length === count * vocabularySize) return table;
      throw broken(origin, `a table of shape [${count}, ${vocabularySize}] from logProbs`, table);
    },
  });
}

function assertDraws(draws: TokenDraws, count: number, vocabularySize: number, origin: Origin): void {
  if (!(draws?.tokens instanceof Int32Array) || draws.tokens.length !== count) {
    throw broken(origin, `an Int32Array of ${count} tokens from draw`, draws?.tokens);
  }
  for (const name of scores) {
    if (draws[name]?.length === count) continue;
    throw broken(origin, `${count} numbers in ${name} from draw`, draws[name]);
  }
  const unknown = draws.tokens.find((token) => token < 0 || token >= vocabularySize);
  if (unknown !== undefined) {
    throw broken(origin, `token ids in [0, ${vocabularySize}) from draw`, unknown);
  }
}
