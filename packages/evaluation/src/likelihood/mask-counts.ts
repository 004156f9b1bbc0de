/**
 * How many of `scored` tokens are masked in each of `strata` views of a row: systematic draws of k from {1 .. scored},
 *
 *     k_j = 1 + floor(scored * frac(uniform + j / strata)),  j = 0 .. strata - 1.
 *
 * One shared uniform, so every k_j is exactly uniform, and the strata divide the range of mask rates evenly between them.
 *
 * @param uniform - in (0, 1)
 * @returns shape [strata]
 */
export function stratifiedCounts(scored: number, strata: number, uniform: number): number[] {
  return Array.from({ length: strata }, (_, stratum) => {
    const place = (uniform + stratum / strata) % 1;
    return Math.min(scored, 1 + Math.floor(scored * place));
  });
}

/**
 * The counts of LLaDA's likelihood estimate (Nie et al. 2025, arXiv:2502.09992, its code): an integer k_0 drawn from
 * {1 .. scored}, and `k_0 + j scored / strata` rounded half to even and wrapped around. A stratum whose offset ends in .5
 * reaches about every other count alone, so the estimate is then not quite unbiased; `stratifiedCounts` has no such holes.
 *
 * @param uniform - in (0, 1)
 * @returns shape [strata]
 */
export function lladaCounts(scored: number, strata: number, uniform: number): number[] {
  const first = Math.min(scored, 1 + Math.floor(scored * uniform));
  return Array.from({ length: strata }, (_, stratum) => {
    const [whole, rest] = [Math.floor((stratum * scored) / strata), (stratum * scored) % strata];
    const below = first + whole;
    const roundsUp = 2 * rest > strata || (2 * rest === strata && below % 2 === 1);
    return ((below + (roundsUp ? 1 : 0) - 1) % scored) + 1;
  });
}
