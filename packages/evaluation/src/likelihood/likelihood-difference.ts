import { ratioOfSums } from "../ratio-of-sums.js";
import { bitsPerByte } from "../units.js";
import type { TextLikelihood } from "./text-likelihood.js";

/** The bound of one model less that of another on the same text: below 0 where the one is better. */
export interface LikelihoodDifference {
  /**
   * Whether both have scored the same rows of tokens under the same masks. Then `±` is that of the rows' differences, which is
   * smaller by what the models have in common; otherwise the two are taken for independent.
   */
  readonly paired: boolean;
  /** Only where it is paired: tokens of two tokenizers are two units. */
  readonly natsPerToken?: number;
  readonly standardError?: number;
  readonly bitsPerByte: number;
  /** Standard error of `bitsPerByte` as a figure for all text like this. */
  readonly bitsPerByteStandardError: number;
}

/**
 * How much better one model is than another, and whether that is more than luck.
 *
 * @param paired - whether the rows were the same tokens, scored with the same seed, `strata` and `replicates`
 */
export function likelihoodDifference(
  one: TextLikelihood,
  other: TextLikelihood,
  { paired }: { readonly paired: boolean },
): LikelihoodDifference {
  if (!paired) {
    return {
      paired,
      bitsPerByte: one.bitsPerByte - other.bitsPerByte,
      bitsPerByteStandardError: Math.hypot(one.bitsPerByteStandardError, other.bitsPerByteStandardError),
    };
  }
  const differences = one.rowNats.map((nats, row) => nats - other.rowNats[row]);
  const { ratio, standardError } = ratioOfSums(differences, one.rowTokens);
  const bits = (natsPerToken: number) => bitsPerByte(natsPerToken * one.tokensOfText, one.bytes);
  return {
    paired,
    natsPerToken: ratio,
    standardError,
    bitsPerByte: bits(ratio),
    bitsPerByteStandardError: bits(standardError),
  };
}
