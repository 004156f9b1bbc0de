import type { TokenDistributions, WeightedEntries } from "../contracts/denoiser.js";
import { hostDistributions } from "./host-distributions.js";

/**
 * Weighted sums of logits, see `TokenDistributions.combine`: where the distributions are, or, for those that cannot, on
 * the host in doubles, which downloads their table.
 *
 * @param distributions - stay with the caller
 * @returns the caller disposes of them
 */
export async function combineDistributions(
  distributions: TokenDistributions,
  parts: readonly WeightedEntries[],
): Promise<TokenDistributions> {
  if (distributions.combine) return distributions.combine(parts);
  const table = await distributions.logProbs();
  const vocabulary = table.length / distributions.count;
  const rows = Array.from({ length: distributions.count }, (_, index) =>
    Float64Array.from(table.subarray(index * vocabulary, (index + 1) * vocabulary)),
  );
  return combineDistributions(hostDistributions(rows), parts);
}
