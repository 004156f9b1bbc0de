import {
  type Collator,
  maskRate,
  type NoisedBatch,
  type NoiseSchedule,
  noiseCurves,
  Random,
  type Tokenizer,
  type TokenRow,
} from "@textdiffusion/core";
import { failsWith, holds, same } from "../expect-law.js";
import { type Law, type LawSkip, withSkips } from "../law.js";
import { powerNoise } from "../power-noise.js";

export interface CollatorLawOptions {
  /** The tokenizer that the collator was made with. */
  readonly tokenizer: Tokenizer;
  /** The longest row that the collator takes; at least 8. */
  readonly rowLength: number;
  /** The schedule that the collator was made with. Default `powerNoise(1)`, which is linear. */
  readonly schedule?: NoiseSchedule;
  /** Tokens at the start of each row that the collator never masks. Default 0. */
  readonly keptPrefix?: number;
  /** Where the collator pads short rows. Default right. */
  readonly paddingSide?: "left" | "right";
  readonly skip?: readonly LawSkip[];
}

/**
 * The laws of `Collator`: `has-its-shapes`, `keeps-the-text`, `noise-is-the-mask`, `spares-special-tokens`,
 * `spares-prompts`, `spares-the-kept-prefix`, `spares-what-is-not-attended`, `repeats-with-its-random`,
 * `weighs-noise-only`, `has-a-denominator`, `mask-rate-matches-time`, `rejects-bad-rows`,
 * `changes-in-order`; under a schedule with per-position noise also `mask-rates-match-positions`.
 *
 * @param make - makes a fresh collator
 */
export function collatorLaws(make: () => Collator | Promise<Collator>, options: CollatorLawOptions): Law[] {
  const { tokenizer, rowLength, schedule = powerNoise(1), keptPrefix = 0, paddingSide = "right" } = options;
  const rows = mixedRows(tokenizer, rowLength);
  /** The row that row `row` of a batch was made from. */
  const rowOf = (row: number) => rows[row % rows.length];
  /** Where its text begins. */
  const startOf = (row: number, seq: number) =>
    paddingSide === "left" ? seq - Math.min(seq, rowOf(row).ids.length) : 0;
  /** A law of each of many batches of mixed rows. */
  const law = (
    name: string,
    check: (batch: NoisedBatch, collator: Collator, random: Random) => void,
  ): Law => ({
    name,
    run: async () => {
      const collator = await make();
      for (let draw = 0; draw < 50; draw++) {
        const random = Random.fromSeed(11).split("batch", draw);
        check(collator.collate(rows, random), collator, random);
      }
    },
  });
  /** A law of each position where noise fell. */
  const noiseLaw = (
    name: string,
    spared: (row: TokenRow, position: number, batch: NoisedBatch, index: number) => boolean,
    what: string,
  ): Law =>
    law(name, (batch) => {
      batch.noiseMask.forEach((noise, index) => {
        const row = Math.floor(index / batch.seq);
        const position = (index % batch.seq) - startOf(row, batch.seq);
        holds(
          noise === 0 || !spared(rowOf(row), position, batch, index),
          () =>
            `expected no noise on ${what}, got some on id ${batch.cleanIds[index]} in row ${row} at position ${position}`,
        );
      });
    });
  return withSkips(
    [
      law("has-its-shapes", (batch) => {
        holds(
          batch.batch > 0 && batch.batch % rows.length === 0,
          () => `expected ${rows.length} rows, or a multiple, got ${batch.batch}`,
        );
        const size = batch.batch * batch.seq;
        for (const name of ["cleanIds", "noisedIds", "noiseMask", "attentionMask", "lossWeight"] as const) {
          holds(
            batch[name].length === size,
            () =>
              `expected ${name} of shape [${batch.batch}, ${batch.seq}], got ${batch[name].length} numbers`,
          );
        }
        holds(
          batch.time.length === batch.batch,
          () => `expected ${batch.batch} times, got ${batch.time.length}`,
        );
        batch.time.forEach((time, row) => {
          const clean = !batch.noiseMask.subarray(row * batch.seq, (row + 1) * batch.seq).includes(1);
          holds(
            (time > 0 || (time === 0 && clean)) && time <= 1,
            () => `expected times in (0, 1], and 0 without noise at most, got ${time} of row ${row}`,
          );
        });
      }),
      law("keeps-the-text", (batch) => {
        batch.time.forEach((_, row) => {
          const { ids } = rowOf(row);
          const from = row * batch.seq + startOf(row, batch.seq);
          const length = Math.min(ids.length, batch.seq);
          same(
            batch.cleanIds.subarray(from, from + length),
            ids.subarray(0, length),
            `cleanIds of row ${row}`,
          );
        });
        batch.noiseMask.forEach((noise, index) => {
          const [clean, noised] = [batch.cleanIds[index], batch.noisedIds[index]];
          holds(
            noise === 1 || noised === clean,
            () => `expected token ${clean} to stay at index ${index}, where no noise fell, got ${noised}`,
          );
        });
      }),
      law("noise-is-the-mask", (batch) => {
        batch.noiseMask.forEach((noise, index) => {
          const noised = batch.noisedIds[index];
          holds(
            noise === 0 || noised === tokenizer.special.mask,
            () => `expected noise to be the mask ${tokenizer.special.mask}, got ${noised} at index ${index}`,
          );
        });
      }),
      noiseLaw(
        "spares-special-tokens",
        (_row, _position, batch, index) => tokenizer.specialIds.includes(batch.cleanIds[index]),
        "special tokens",
      ),
      noiseLaw(
        "spares-prompts",
        ({ promptLength = 0 }, position) => position >= 0 && position < promptLength,
        "prompts",
      ),
      noiseLaw(
        "spares-the-kept-prefix",
        (_row, position) => position >= 0 && position < keptPrefix,
        `the first ${keptPrefix} tokens`,
      ),
      noiseLaw(
        "spares-what-is-not-attended",
        (_row, _position, batch, index) => batch.attentionMask[index] === 0,
        "what is not attended to",
      ),
      law("repeats-with-its-random", (batch, collator, random) => {
        const again = collator.collate(rows, random);
        for (const name of ["noisedIds", "noiseMask", "time", "lossWeight"] as const) {
          same(again[name], batch[name], `${name} of the same random`);
        }
      }),
      law("weighs-noise-only", (batch) => {
        batch.lossWeight.forEach((weight, index) => {
          const noise = batch.noiseMask[index];
          holds(
            noise === 1 ? weight > 0 && Number.isFinite(weight) : weight === 0,
            () =>
              `expected a positive weight where noise fell and 0 elsewhere, got ${weight} at index ${index} (noise ${noise})`,
          );
        });
      }),
      law("has-a-denominator", (batch, collator, random) => {
        holds(
          batch.maskableCount > 0 && batch.lossDenominator > 0 && Number.isFinite(batch.lossDenominator),
          () =>
            `expected a positive denominator for ${batch.maskableCount} maskable tokens, got ${batch.lossDenominator}`,
        );
        const locked = collator.collate([{ ids: rows[0].ids, promptLength: rows[0].ids.length }], random);
        const noise = locked.noiseMask.filter((at) => at === 1).length;
        holds(
          locked.lossDenominator >= 0 && noise <= locked.maskableCount,
          () => `expected noise on at most ${locked.maskableCount} tokens of a prompt alone, got ${noise}`,
        );
      }),
      {
        name: "mask-rate-matches-time",
        run: async () => {
          // One row a batch, so that its time and its count of maskable tokens belong together. Five standard
          // deviations of independent masks: a false alarm in 2e6 seeds. A row that would have none may get one forced.
          const collator = await make();
          let [masks, expected, variance, forced] = [0, 0, 0, 0];
          for (let draw = 0; draw < 600; draw++) {
            const batch = collator.collate(
              [rows[draw % rows.length]],
              Random.fromSeed(13).split("batch", draw),
            );
            const maskable = batch.maskableCount / batch.batch;
            for (const time of batch.time) {
              const rate = maskRate(schedule, time);
              expected += rate * maskable;
              variance += rate * (1 - rate) * maskable;
              forced += (1 - rate) ** maskable;
            }
            masks += batch.noiseMask.filter((noise) => noise === 1).length;
          }
          const allowed = 5 * Math.sqrt(variance) + forced + 1e-6 * expected;
          holds(
            Math.abs(masks - expected) <= allowed,
            () =>
              `expected ${expected.toFixed(1)} +- ${allowed.toFixed(1)} masks for the drawn times, got ${masks}`,
          );
        },
      },
      ...(schedule.perPosition ? [positionLaw(make, { tokenizer, rowLength, schedule, keptPrefix })] : []),
      {
        name: "changes-in-order",
        run: async () => {
          const { changesAt = [] } = await make();
          holds(
            changesAt.every((share, index) => share >= (changesAt[index - 1] ?? 0) && share <= 1),
            () => `expected the changes of noise ascending in [0, 1], got ${changesAt}`,
          );
        },
      },
      {
        name: "rejects-bad-rows",
        run: async () => {
          const collator = await make();
          const random = Random.fromSeed(1);
          const long = new Int32Array(rowLength + 1).fill(rows[0].ids[0]);
          await failsWith("DATA_INVALID", () => collator.collate([], random), "a batch of no rows");
          await failsWith(
            "DATA_INVALID",
            () => collator.collate([{ ids: new Int32Array(0) }], random),
            "an empty row",
          );
          await failsWith(
            "DATA_INVALID",
            () => collator.collate([{ ids: long }], random),
            `a row of ${long.length} tokens`,
          );
        },
      },
    ],
    options.skip,
  );
}

// --- internal ---

/** At each position of one full row: five standard deviations of its masks, a false alarm in 2e6 seeds for each. */
function positionLaw(
  make: () => Collator | Promise<Collator>,
  {
    tokenizer,
    rowLength,
    schedule,
    keptPrefix,
  }: Required<Pick<CollatorLawOptions, "tokenizer" | "rowLength" | "schedule" | "keptPrefix">>,
): Law {
  return {
    name: "mask-rates-match-positions",
    run: async () => {
      const collator = await make();
      const row = mixedRows(tokenizer, rowLength)[0];
      const positions = Int32Array.from({ length: rowLength - keptPrefix }, (_, index) => index + keptPrefix);
      const curves = noiseCurves(schedule, { ids: row.ids, positions });
      const [masks, expected, variance] = [0, 0, 0].map(() => new Float64Array(rowLength));
      for (let draw = 0; draw < 1_000; draw++) {
        const batch = collator.collate([row], Random.fromSeed(19).split("batch", draw));
        for (const position of positions) {
          const rate = maskRate(curves(position), batch.time[0]);
          expected[position] += rate;
          variance[position] += rate * (1 - rate);
          masks[position] += batch.noiseMask[position];
        }
      }
      for (const position of positions) {
        const allowed = 5 * Math.sqrt(variance[position]);
        holds(
          Math.abs(masks[position] - expected[position]) <= allowed,
          () =>
            `expected ${expected[position].toFixed(1)} +- ${allowed.toFixed(1)} masks at position ${position} for the drawn times, got ${masks[position]}`,
        );
      }
    },
  };
}

/** Full rows and short ones, with a prompt and without, some with special tokens inside. */
function mixedRows(tokenizer: Tokenizer, rowLength: number): TokenRow[] {
  const random = Random.fromSeed(3);
  const text = Array.from({ length: tokenizer.vocabularySize }, (_, id) => id).filter(
    (id) => !tokenizer.specialIds.includes(id) && tokenizer.token(id) !== undefined,
  );
  const words = (length: number, stream: string) =>
    Int32Array.from({ length }, (_, index) => text[random.split(stream).integer(text.length, index)]);
  const framed = words(rowLength, "framed");
  framed[0] = tokenizer.special.begin ?? framed[0];
  framed[rowLength - 1] = tokenizer.special.end ?? framed[rowLength - 1];
  framed[rowLength >> 1] = tokenizer.special.unknown ?? framed[rowLength >> 1];
  return [
    { ids: words(rowLength, "full") },
    { ids: framed },
    { ids: words(rowLength, "prompted"), promptLength: rowLength >> 1 },
    { ids: words(rowLength - 2, "short") },
  ];
}
