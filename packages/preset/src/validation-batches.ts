import { type NoisedBatch, Random, type Tokenizer, type TokenRow } from "@textdiffusion/core";

/** Scoring more rows would cost more than it tells during training. */
const MOST_ROWS = 128;

/**
 * Rows noised once, with the linear schedule: row i of N at time (i + 1/2) / N, each text token masked with that
 * probability. The rows stand in a drawn order, so that easy and hard rates share a batch.
 *
 * @param rows - of one length; at least one. Of more than 128, 128 spread over the text
 */
export function validationBatches(
  rows: readonly TokenRow[],
  tokenizer: Tokenizer,
  { batchSize, seed }: { readonly batchSize: number; readonly seed: number },
): NoisedBatch[] {
  const count = Math.min(rows.length, MOST_ROWS);
  const random = Random.fromSeed(seed).split("validation");
  const times = random.split("times").permutation(count);
  const special = new Set(tokenizer.specialIds);
  const noised = Array.from({ length: count }, (_, index) => {
    const { ids } = rows[Math.floor((index * rows.length) / count)];
    const time = (times[index] + 0.5) / count;
    const draws = random.split("row", index);
    const noiseMask = Uint8Array.from(ids, (id, at) =>
      !special.has(id) && draws.uniform(at) < time ? 1 : 0,
    );
    return { ids, time, noiseMask, maskable: ids.filter((id) => !special.has(id)).length };
  });
  const batches: NoisedBatch[] = [];
  for (let from = 0; from < count; from += batchSize) {
    batches.push(asBatch(noised.slice(from, from + batchSize), tokenizer.special.mask));
  }
  return batches;
}

// --- internal ---

interface NoisedRow {
  readonly ids: Int32Array;
  readonly time: number;
  readonly noiseMask: Uint8Array;
  readonly maskable: number;
}

function asBatch(rows: readonly NoisedRow[], mask: number): NoisedBatch {
  const seq = rows[0].ids.length;
  const cleanIds = Int32Array.from(rows.flatMap(({ ids }) => [...ids]));
  const noiseMask = Uint8Array.from(rows.flatMap((row) => [...row.noiseMask]));
  const maskableCount = rows.reduce((sum, { maskable }) => sum + maskable, 0);
  return {
    batch: rows.length,
    seq,
    cleanIds,
    noisedIds: cleanIds.map((id, at) => (noiseMask[at] === 1 ? mask : id)),
    noiseMask,
    attentionMask: new Uint8Array(cleanIds.length).fill(1),
    time: Float64Array.from(rows, ({ time }) => time),
    lossWeight: Float32Array.from(noiseMask),
    lossDenominator: maskableCount,
    maskableCount,
  };
}
