import type { Collator, NoisedBatch, Random, Tokenizer } from "@textdiffusion/core";
import { type LaidRows, layRows, type RowPolicies } from "./lay-rows.js";
import {
  type LossReductionName,
  type LossTerms,
  lossReductions,
  type NoisedRows,
} from "./loss-reductions.js";

/** The noise levels of a batch, and how they were drawn. */
export interface RowNoise extends Pick<NoisedRows, "rate" | "rateImportance" | "chanceOfAnyMask"> {
  /** Of each row, in (0, 1]; shape [batch]. */
  readonly time: Float64Array;
}

export interface MaskingCollatorParts {
  readonly name: string;
  readonly tokenizer: Tokenizer;
  readonly policies: RowPolicies;
  readonly reduction: LossReductionName;
  /** How noise levels are drawn: all that the collators here differ in. */
  drawNoise(batch: number, random: Random): RowNoise;
}

/**
 * A collator that masks each maskable token by itself with the rate of its row. Every masked token becomes `[MASK]`,
 * none a random token and none itself (unlike BERT's 80/10/10): the likelihood bound is that of absorbing noise.
 *
 * Position p of row r is masked when `random.split("noise", r).uniform(p) < rate[r]`.
 */
export function maskingCollator({
  name,
  tokenizer,
  policies,
  reduction,
  drawNoise,
}: MaskingCollatorParts): Collator {
  const { dividesByMasks, weigh } = lossReductions[reduction];
  return {
    name,
    collate: (rows, random) => {
      const laid = layRows(rows, tokenizer, policies, random);
      const noise = drawNoise(laid.batch, random);
      const noiseMask = drawMasks(laid, noise.rate, random);
      if (dividesByMasks && !noiseMask.includes(1)) maskOne(laid, noiseMask, random);
      const terms = weigh({ ...laid, ...noise, noiseMask });
      return noisedBatch(laid, noiseMask, noise.time, terms, tokenizer.special.mask);
    },
  };
}

/** Puts the mask token where the noise mask says, and all parts together. */
export function noisedBatch(
  { batch, seq, cleanIds, attentionMask, maskable }: LaidRows,
  noiseMask: Uint8Array,
  time: Float64Array,
  { lossWeight, lossDenominator }: LossTerms,
  maskTokenId: number,
): NoisedBatch {
  return {
    batch,
    seq,
    cleanIds,
    noisedIds: cleanIds.map((id, index) => (noiseMask[index] === 1 ? maskTokenId : id)),
    noiseMask,
    attentionMask,
    time,
    lossWeight,
    lossDenominator,
    maskableCount: maskable.reduce((sum, flag) => sum + flag, 0),
  };
}

// --- internal ---

function drawMasks({ batch, seq, maskable }: LaidRows, rate: Float64Array, random: Random): Uint8Array {
  const noiseMask = new Uint8Array(batch * seq);
  for (let row = 0; row < batch; row++) {
    const noise = random.split("noise", row);
    for (let position = 0; position < seq; position++) {
      const index = row * seq + position;
      if (maskable[index] === 1 && noise.uniform(position) < rate[row]) noiseMask[index] = 1;
    }
  }
  return noiseMask;
}

/** Masks one maskable position of the batch, if there is any. */
function maskOne({ maskable }: LaidRows, noiseMask: Uint8Array, random: Random): void {
  const candidates = [...maskable.keys()].filter((index) => maskable[index] === 1);
  if (candidates.length > 0)
    noiseMask[candidates[random.split("forced mask").integer(candidates.length)]] = 1;
}
