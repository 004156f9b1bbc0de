import {
  type Collator,
  DiffusionError,
  maskRate,
  type NoisedBatch,
  type NoiseSchedule,
  noiseCurves,
  type Random,
  type Tokenizer,
  type TokenRow,
} from "@textdiffusion/core";
import type { Draw } from "./draws.js";
import { type LaidRows, layRows, type RowPolicies } from "./lay-rows.js";
import type { LevelRule, NoiseLevel } from "./levels.js";
import { dividesByMasks, type LossReduction, type LossTerms, weighLoss } from "./loss-reductions.js";
import { type ReplacementName, replacementOf } from "./replacements.js";

export interface CollatorParts {
  /** Kebab-case; errors name it. */
  readonly name: string;
  readonly tokenizer: Tokenizer;
  /** Where noise differs between positions it says how much each gets. */
  readonly schedule: NoiseSchedule;
  /** What may be masked, and how rows become a batch. */
  readonly rows: RowPolicies;
  /** How the rows share out the noise levels. */
  readonly draw: Draw;
  /** Which noise levels there are. */
  readonly levels: LevelRule;
  /** Other levels for the first part of the training. Default none. */
  readonly warmup?: NoiseWarmup;
  readonly loss: LossReduction;
  /** See `NoisedBatch.labelSmoothing`. Default 0. */
  readonly labelSmoothing?: number;
  /** Default `mask`. */
  readonly replace?: ReplacementName;
  /**
   * Each row twice, the second time masked exactly where the first is not, so that every token is predicted once: row
   * `rows + r` of the batch is the complement of row r. Takes twice the memory, and levels that are made for it:
   * `mirrored` times, counts `fromNone`. Default false.
   */
  readonly pairs?: boolean;
}

/**
 * Levels to begin with; `Collator.changesAt` tells where they end. A small model learns sooner from little noise, which leaves it
 * much to see.
 */
export interface NoiseWarmup {
  readonly levels: LevelRule;
  /** Of the training, in [0, 1]. */
  readonly share: number;
}

/**
 * A collator is what may be masked x how noise levels are drawn x which there are x loss. The published ones are presets
 * of these:
 *
 * ```ts
 * const collator = composeCollator({
 *   name: "careful",
 *   tokenizer,
 *   schedule,
 *   rows: rowPolicies({ padding: "trained-as-end" }),
 *   draw: draws["low-discrepancy"],
 *   levels: timeLevels(schedule, { floor: 0.01 }),
 *   loss: lossReductions["row-mean"],
 * });
 * ```
 *
 * Position p of row r is masked when `random.split("noise", r).uniform(p)` is below its rate; with an exact count k, when
 * it is among the first k of `random.split("order", r).permutation`.
 *
 * @throws DiffusionError `CONFIG_INVALID` for parts that do not go together: noise per position with an exact count,
 *   pairs or weights by count; ends that are learnt as padding on the left
 */
export function composeCollator(parts: CollatorParts): Collator {
  const { name, tokenizer, schedule, rows: policies, draw, loss, pairs = false } = parts;
  assertParts(parts);
  const replacement = replacementOf(parts.replace ?? "mask", tokenizer);
  return {
    name,
    ...(parts.warmup && { changesAt: [parts.warmup.share] }),
    collate: (rows: readonly TokenRow[], random, progress = 1) => {
      const levels = parts.warmup && progress < parts.warmup.share ? parts.warmup.levels : parts.levels;
      const laid = layRows(rows, tokenizer, policies, random);
      const positions = maskablePositions(laid);
      const drawn = Array.from(draw(laid.batch, random), (u, row) => levels.level(u, positions[row].length));
      const rates = ratesOf(laid, positions, drawn, schedule);
      const noiseMask = levels.exactCount
        ? drawCounts(laid, positions, drawn, random)
        : drawMasks(laid, positions, rates.rate, random);
      if (!pairs) {
        if (dividesByMasks(loss) && !noiseMask.includes(1)) maskOne(laid, noiseMask, random);
        return finish(laid, noiseMask, drawn, rates, random);
      }
      const both = [...drawn, ...drawn.map((level, row) => levels.complement(level, positions[row].length))];
      const complement = laid.maskable.map((flag, index) => flag - noiseMask[index]);
      const twice = laidTwice(laid);
      const bothRates = ratesOf(twice, [...positions, ...positions], both, schedule);
      return finish(twice, joined(noiseMask, complement), both, bothRates, random);
    },
  };

  function finish(
    laid: LaidRows,
    noiseMask: Uint8Array,
    drawn: readonly NoiseLevel[],
    rates: PositionRates,
    random: Random,
  ): NoisedBatch {
    const chanceOfAny = Float64Array.from(drawn, (level) => level.chanceOfAny);
    const terms = weighLoss(loss, { ...laid, ...rates, noiseMask, chanceOfAny });
    const time = Float64Array.from(drawn, (level) => level.time);
    const streams = Array.from({ length: laid.batch }, (_, row) => random.split("noise", row));
    const batch = noisedBatch(laid, noiseMask, time, terms, (id, index) =>
      replacement(id, index % laid.seq, streams[Math.floor(index / laid.seq)]),
    );
    return parts.labelSmoothing ? { ...batch, labelSmoothing: parts.labelSmoothing } : batch;
  }
}

/** Writes the noise where the noise mask says, and puts all parts together. */
export function noisedBatch(
  { batch, seq, cleanIds, attentionMask, maskable }: LaidRows,
  noiseMask: Uint8Array,
  time: Float64Array,
  { lossWeight, lossDenominator }: LossTerms,
  noised: (id: number, index: number) => number,
): NoisedBatch {
  return {
    batch,
    seq,
    cleanIds,
    noisedIds: cleanIds.map((id, index) => (noiseMask[index] === 1 ? noised(id, index) : id)),
    noiseMask,
    attentionMask,
    time,
    lossWeight,
    lossDenominator,
    maskableCount: maskable.reduce((sum, flag) => sum + flag, 0),
  };
}

// --- internal ---

interface PositionRates {
  /** Mask rate of each position; shape [batch, seq]. */
  readonly rate: Float64Array;
  /** shape [batch, seq] */
  readonly importance: Float64Array;
}

/** The levels of the rows, told to their positions. */
function ratesOf(
  { seq, cleanIds }: LaidRows,
  positions: readonly Int32Array[],
  drawn: readonly NoiseLevel[],
  schedule: NoiseSchedule,
): PositionRates {
  const rate = new Float64Array(cleanIds.length);
  const importance = new Float64Array(cleanIds.length);
  drawn.forEach((level, row) => {
    const [from, to] = [row * seq, (row + 1) * seq];
    rate.fill(level.rate, from, to);
    importance.fill(level.importance, from, to);
    if (!schedule.perPosition) return;
    const noiseRow = { ids: cleanIds.subarray(from, to), positions: positions[row] };
    const curves = noiseCurves(schedule, noiseRow);
    // A position's rate grows at a speed of its own: dm_i = (alpha_i' / alpha') dm.
    const speed = schedule.alphaDerivative(level.time);
    for (const position of positions[row]) {
      const curve = curves(position);
      rate[from + position] = maskRate(curve, level.time);
      importance[from + position] =
        speed === 0 ? 0 : (level.importance * curve.alphaDerivative(level.time)) / speed;
    }
  });
  return { rate, importance };
}

function drawMasks(
  { batch, seq }: LaidRows,
  positions: readonly Int32Array[],
  rate: Float64Array,
  random: Random,
): Uint8Array {
  const noiseMask = new Uint8Array(batch * seq);
  positions.forEach((places, row) => {
    const noise = random.split("noise", row);
    for (const position of places) {
      const index = row * seq + position;
      if (noise.uniform(position) < rate[index]) noiseMask[index] = 1;
    }
  });
  return noiseMask;
}

function drawCounts(
  { batch, seq }: LaidRows,
  positions: readonly Int32Array[],
  drawn: readonly NoiseLevel[],
  random: Random,
): Uint8Array {
  const noiseMask = new Uint8Array(batch * seq);
  positions.forEach((places, row) => {
    const order = random.split("order", row).permutation(places.length);
    const count = Math.round(drawn[row].rate * places.length);
    for (const index of order.subarray(0, count)) noiseMask[row * seq + places[index]] = 1;
  });
  return noiseMask;
}

/** Masks one maskable position of the batch, if there is any. */
function maskOne({ maskable }: LaidRows, noiseMask: Uint8Array, random: Random): void {
  const candidates = [...maskable.keys()].filter((index) => maskable[index] === 1);
  if (candidates.length > 0)
    noiseMask[candidates[random.split("forced mask").integer(candidates.length)]] = 1;
}

/** The positions of each row that noise may fall on, ascending. */
function maskablePositions({ batch, seq, maskable }: LaidRows): Int32Array[] {
  const all = Int32Array.from({ length: seq }, (_, position) => position);
  return Array.from({ length: batch }, (_, row) =>
    all.filter((position) => maskable[row * seq + position] === 1),
  );
}

function laidTwice({ batch, seq, cleanIds, attentionMask, maskable }: LaidRows): LaidRows {
  const ids = new Int32Array(2 * cleanIds.length);
  ids.set(cleanIds);
  ids.set(cleanIds, cleanIds.length);
  return {
    batch: 2 * batch,
    seq,
    cleanIds: ids,
    attentionMask: joined(attentionMask, attentionMask),
    maskable: joined(maskable, maskable),
  };
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  const both = new Uint8Array(first.length + second.length);
  both.set(first);
  both.set(second, first.length);
  return both;
}

function assertParts({ name, schedule, rows, levels, warmup, loss, pairs }: CollatorParts): void {
  const uneven = schedule.perPosition !== undefined;
  const noise = `with schedule "${schedule.name}", whose noise differs between positions`;
  const conflicts: readonly (readonly [boolean, string])[] = [
    [uneven && (levels.exactCount || warmup?.levels.exactCount === true), `an exact count of masks ${noise}`],
    [uneven && pairs === true, `pairs ${noise}`],
    [uneven && loss.weight === "count", `weights by count ${noise}`],
    [
      rows.padding === "trained-as-end" && rows.paddingSide === "left",
      "ends that are learnt on the left of the text",
    ],
  ];
  const conflict = conflicts.find(([found]) => found)?.[1];
  if (conflict === undefined) return;
  throw new DiffusionError({
    code: "CONFIG_INVALID",
    component: `data/${name}`,
    problem: `expected parts that go together, got ${conflict}`,
    remedy: uneven
      ? 'Use masks drawn one by one and the reduction "bound", or another schedule'
      : "Pad on the right, or choose another padding",
  });
}
