import {
  DiffusionError,
  type LearnerScores,
  type MaskRateScore,
  type NoisedBatch,
  type ValidationScores,
} from "@textdiffusion/core";

/**
 * The bound on the negative log-likelihood and what it is made of.
 *
 * With C(m) the mean cross entropy of the masked positions at mask rate m, a token costs at most the area under C:
 * `NELBO / tokens = integral of C(m) dm over [0, 1]`, the bound of Sahoo et al. 2024, arXiv:2406.07524, after the
 * substitution m = 1 - alpha(t). Rows that share a time are pooled into one C; the area is that of the trapezoids
 * between neighbouring times, with C held constant from 0 to the first and from the last to 1. For the middles of
 * equal intervals this is their plain mean.
 *
 * With masks drawn beforehand (`validationBatches` of @textdiffusion/data), two models differ by their weights alone.
 *
 * @param batches - noised with the linear schedule, whose time is the mask rate. The bound is the same for every
 *   schedule; give the rows times spread evenly over (0, 1], best the middles of equal intervals
 * @param scores - of each batch, from `scoreBatches` or a learner
 * @throws DiffusionError `DATA_INVALID` when nothing is masked
 */
export function summarizeScores(
  batches: readonly NoisedBatch[],
  scores: readonly LearnerScores[],
): ValidationScores {
  const byTime = new Map<number, Tally>();
  for (const [index, batch] of batches.entries()) tallyBatch(byTime, batch, scores[index]);
  const curve = [...byTime].sort(([a], [b]) => a - b);
  if (curve.length === 0) {
    throw new DiffusionError({
      code: "DATA_INVALID",
      component: "evaluation/loss-curve",
      problem: "expected masked positions in the validation batches, got none",
      remedy: "Give batches whose rows have tokens that can be masked",
    });
  }
  const total = sumOf(curve.map(([, tally]) => tally));
  return {
    boundNats: areaUnder(curve.map(([time, { nats, positions }]) => [time, nats / positions])),
    accuracy: total.correct / total.positions,
    byMaskRate: Array.from({ length: BUCKETS }, (_, bucket) => scoreOf(bucket, curve)).filter(
      ({ positions }) => positions > 0,
    ),
  };
}

// --- internal ---

const BUCKETS = 10;

interface Tally {
  positions: number;
  nats: number;
  correct: number;
}

function tallyBatch(byTime: Map<number, Tally>, batch: NoisedBatch, scores: LearnerScores): void {
  let score = 0; // scores stand in the order of the masked positions
  for (const [index, masked] of batch.noiseMask.entries()) {
    if (masked === 0) continue;
    const time = batch.time[Math.floor(index / batch.seq)];
    const tally = byTime.get(time) ?? { positions: 0, nats: 0, correct: 0 };
    byTime.set(time, tally);
    tally.positions += 1;
    tally.nats += scores.crossEntropy[score];
    tally.correct += scores.correct[score];
    score++;
  }
}

function sumOf(tallies: readonly Tally[]): Tally {
  const sum = { positions: 0, nats: 0, correct: 0 };
  for (const { positions, nats, correct } of tallies) {
    sum.positions += positions;
    sum.nats += nats;
    sum.correct += correct;
  }
  return sum;
}

/** Area over [0, 1] under the points (x, y), given with ascending x. */
function areaUnder(points: readonly (readonly [number, number])[]): number {
  const [firstX, firstY] = points[0];
  const [lastX, lastY] = points[points.length - 1];
  let area = firstX * firstY + (1 - lastX) * lastY;
  for (let index = 1; index < points.length; index++) {
    const [[x0, y0], [x1, y1]] = [points[index - 1], points[index]];
    area += ((x1 - x0) * (y0 + y1)) / 2;
  }
  return area;
}

function scoreOf(bucket: number, curve: readonly (readonly [number, Tally])[]): MaskRateScore {
  const inside = curve.filter(([time]) => Math.max(0, Math.ceil(time * BUCKETS) - 1) === bucket);
  const { positions, nats, correct } = sumOf(inside.map(([, tally]) => tally));
  return {
    from: bucket / BUCKETS,
    to: (bucket + 1) / BUCKETS,
    positions,
    crossEntropy: nats / positions,
    accuracy: correct / positions,
  };
}
