/**
 * How the cross entropies (CE) of the masked positions become one loss, `sum(lossWeight * CE) / lossDenominator`.
 *
 * Legend: a row has N maskable positions, K of them masked. d is the importance weight of its mask rate m, the density of
 * m in an even draw over that in the draw that was made; p the chance that a row has any mask in an even draw. C(m) is
 * the expected CE of a masked position at rate m, C_k the same with exactly k masks. The bound on the negative
 * log-likelihood of one maskable token, in nats, is
 *
 * ```
 * bound = integral of C(m) dm over [0, 1] = 1/N * (C_1 + ... + C_N)
 * ```
 *
 * the first by Sahoo et al. 2024 (arXiv:2406.07524) after substituting m = 1 - alpha(t), which is why no schedule
 * changes it; the second because under an even draw of m every K from 0 to N is equally likely.
 *
 * | name          | lossWeight  | lossDenominator  | expected loss                            | bound? |
 * | ------------- | ----------- | ---------------- | ---------------------------------------- | ------ |
 * | `bound`       | d / m       | maskable tokens  | integral of C(m) dm                      | yes    |
 * | `row-mean`    | d / (K p)   | rows             | mean of C_1 .. C_N                       | yes    |
 * | `masked-mean` | 1           | masked tokens    | C(m), if a step has one rate m           | yes    |
 * |               |             |                  | 2 * integral of m C(m) dm, if it has many | no    |
 * | `uniform`     | 1           | maskable tokens  | integral of m C(m) dm                    | no     |
 *
 * `bound` and `row-mean` are unbiased for every batch size and schedule; the rates that a collator never draws (below
 * its floor, between its levels) are all that they miss. Under the linear schedule d is 1, the weight of `bound` is 1/t,
 * and `row-mean` is the mean over rows of the mean over masks, but for 1/p = 1 + 1/N, which makes up for rows without
 * any mask; its weights are at most that, where those of `bound` reach 1/floor. Where the N of rows differ, `bound`
 * averages over tokens and `row-mean` over rows. The lines marked "no" are for rates drawn evenly: they overweigh high
 * noise. A step that accumulates batches of several rates has many rates.
 *
 * A row without masks adds nothing to the sum and still counts in the denominator, but for `masked-mean`.
 */
export interface LossReduction {
  /**
   * True when a batch without any mask has no loss: 0 / 0. A collator then masks one maskable position of it, chosen
   * evenly. The bias is that of such batches alone, whose chance is the product of (1 - m)^N over the rows.
   */
  readonly dividesByMasks: boolean;
  weigh(rows: NoisedRows): LossTerms;
}

/** What a reduction looks at. Flat arrays: index `row * seq + position`. */
export interface NoisedRows {
  readonly batch: number;
  readonly seq: number;
  /** 1 where noise could fall; shape [batch, seq]. */
  readonly maskable: Uint8Array;
  /** 1 where noise fell; shape [batch, seq]. */
  readonly noiseMask: Uint8Array;
  /** Mask rate of each row, m; shape [batch]. */
  readonly rate: Float64Array;
  /** Density of the row's rate in an even draw over its density in this one, d; mean 1; shape [batch]. */
  readonly rateImportance: Float64Array;
  /** Chance of a row with that many maskable positions to have a mask under an even draw, p. */
  chanceOfAnyMask(maskable: number): number;
}

export interface LossTerms {
  /** 0 where no noise fell; shape [batch, seq]. */
  readonly lossWeight: Float32Array;
  readonly lossDenominator: number;
}

export const lossReductionNames = ["bound", "row-mean", "masked-mean", "uniform"] as const;
export type LossReductionName = (typeof lossReductionNames)[number];

export const lossReductions: Readonly<Record<LossReductionName, LossReduction>> = {
  bound: {
    dividesByMasks: false,
    weigh: (rows) => ({
      lossWeight: weightByRow(rows, (row) => rows.rateImportance[row] / rows.rate[row]),
      lossDenominator: total(rows.maskable),
    }),
  },
  "row-mean": {
    dividesByMasks: false,
    weigh: (rows) => {
      const maskable = countByRow(rows.maskable, rows.seq);
      const masks = countByRow(rows.noiseMask, rows.seq);
      const weight = (row: number) =>
        rows.rateImportance[row] / (masks[row] * rows.chanceOfAnyMask(maskable[row]));
      return {
        lossWeight: weightByRow(rows, weight),
        lossDenominator: maskable.filter((count) => count > 0).length,
      };
    },
  },
  "masked-mean": {
    dividesByMasks: true,
    weigh: (rows) => ({ lossWeight: weightByRow(rows, () => 1), lossDenominator: total(rows.noiseMask) }),
  },
  uniform: {
    dividesByMasks: false,
    weigh: (rows) => ({ lossWeight: weightByRow(rows, () => 1), lossDenominator: total(rows.maskable) }),
  },
};

// --- internal ---

/** The row's weight where noise fell; shape [batch, seq]. */
function weightByRow({ noiseMask, seq }: NoisedRows, weight: (row: number) => number): Float32Array {
  return Float32Array.from(noiseMask, (noise, index) => (noise === 1 ? weight(Math.floor(index / seq)) : 0));
}

function countByRow(flags: Uint8Array, seq: number): number[] {
  return Array.from({ length: flags.length / seq }, (_, row) =>
    total(flags.subarray(row * seq, (row + 1) * seq)),
  );
}

function total(flags: Uint8Array): number {
  return flags.reduce((sum, flag) => sum + flag, 0);
}
