import {
  byName,
  type Collator,
  createPipeline,
  maskRate,
  type NoisedBatch,
  type NoiseSchedule,
  Random,
  Registry,
} from "@textdiffusion/core";
import {
  composeCollator,
  countLevels,
  dataPlugin,
  drawNames,
  draws,
  gridLevels,
  type LevelRule,
  type lossReductions,
  rowPolicies,
  timeLevels,
  weighLoss,
} from "@textdiffusion/data";
import { schedulesPlugin } from "@textdiffusion/schedules";
import { type JointEntry, letterTokenizer, tableDenoiser } from "@textdiffusion/testkit";
import { describe, expect, it } from "vitest";

/*
 * The bound on the likelihood is one number, whatever the schedule, the way of drawing levels and the weights. Here it is
 * the mean over all orders of a text's tokens of what it costs to predict them one by one (the any-order form), by
 * enumeration, for two models that are tables: costs without any structure, and the exact conditionals of a distribution,
 * for which every order costs -log p(text).
 */
const N = 5;
const patterns = Array.from({ length: 1 << N }, (_, pattern) => pattern);
const isMasked = (pattern: number, at: number) => ((pattern >> at) & 1) === 1;
const places = Array.from({ length: N }, (_, at) => at);
const countOf = (pattern: number) => places.filter((at) => isMasked(pattern, at)).length;

/** Cost in nats of each position under each set of masks; shape [2^N, N]. */
type Costs = readonly (readonly number[])[];

const arbitrary: Costs = patterns.map((pattern) =>
  places.map((at) => countOf(pattern) + 4 * Random.fromSeed(1).split(pattern).uniform(at)),
);

/** The mean cost of a token over all orders in which the text may be predicted. */
function anyOrderBound(costs: Costs): number {
  let [sum, orders] = [0, 0];
  const predict = (pattern: number, cost: number) => {
    if (pattern === 0) {
      sum += cost / N;
      orders++;
    }
    for (const at of places)
      if (isMasked(pattern, at)) predict(pattern & ~(1 << at), cost + costs[pattern][at]);
  };
  predict((1 << N) - 1, 0);
  return sum / orders;
}

/** C(m), the expected cost of a masked position at rate m, averaged over the rates from `low` to `high`. */
function meanOverRates(costs: Costs, low: number, high: number): number {
  const atRate = (m: number) =>
    patterns.reduce((sum, pattern) => {
      const k = countOf(pattern);
      if (k === 0) return sum;
      const cost = places.reduce((total, at) => total + (isMasked(pattern, at) ? costs[pattern][at] : 0), 0);
      return sum + (m ** (k - 1) * (1 - m) ** (N - k) * cost) / N;
    }, 0);
  return simpson((x) => atRate(low + x * (high - low)));
}

/** The expected loss of a row, over u in (0, 1) and all sets of masks. */
function expectedLoss(
  costs: Costs,
  levels: LevelRule,
  reduction: (typeof lossReductions)[keyof typeof lossReductions],
  meanOverU: (f: (u: number) => number) => number,
): number {
  return meanOverU((u) => {
    const { rate, importance, chanceOfAny } = levels.level(u, N);
    return patterns.reduce((sum, pattern) => {
      const k = countOf(pattern);
      const ofCount = k === Math.round(rate * N) ? 1 / binomial(N, k) : 0;
      const chance = levels.exactCount ? ofCount : rate ** k * (1 - rate) ** (N - k);
      if (k === 0 || chance === 0) return sum;
      const { lossWeight, lossDenominator } = weighLoss(reduction, {
        batch: 1,
        seq: N,
        maskable: new Uint8Array(N).fill(1),
        noiseMask: Uint8Array.from(places, (at) => Number(isMasked(pattern, at))),
        rate: new Float64Array(N).fill(rate),
        importance: new Float64Array(N).fill(importance),
        chanceOfAny: Float64Array.of(chanceOfAny),
      });
      const loss = places.reduce((total, at) => total + lossWeight[at] * costs[pattern][at], 0);
      return sum + (chance * loss) / lossDenominator;
    }, 0);
  });
}

const bound = anyOrderBound(arbitrary);
/** Every pair that is a bound on a token, in its units: per text it is one on the whole row. */
const unbiased = (["rate", "count"] as const).flatMap((weight) =>
  (["token", "row", "text"] as const).map((per) => ({ weight, per, unit: per === "text" ? N : 1 })),
);

const schedules = await Promise.all(
  new Registry([schedulesPlugin]).names("schedule").map(async (name): Promise<[string, NoiseSchedule]> => {
    const options = name === "spindle" ? { counts: [3, 1, 4, 1, 5, 9, 2, 6] } : {};
    const pipeline = await createPipeline({
      plugins: [schedulesPlugin],
      schedule: byName({ name, ...options }),
    });
    return [name, await pipeline.get("schedule")];
  }),
);

it("the area under C(m) is the mean over all orders", () => {
  expect(meanOverRates(arbitrary, 0, 1)).toBeCloseTo(bound, 10);
});

describe.each(schedules.filter(([, { perPosition }]) => !perPosition))("%s", (_, schedule) => {
  const floor = 1e-4;
  const [low, high] = [maskRate(schedule, floor), maskRate(schedule, 1)];

  it.each(unbiased)("every way to draw levels gives the bound with %o", ({ weight, per, unit }) => {
    // Float32 weights: seven digits. u = x^4 tames the schedules that begin like a root.
    const overTimes = (f: (u: number) => number) => simpson((x) => (x === 0 ? 0 : 4 * x ** 3 * f(x ** 4)));
    const loss = (levels: LevelRule, meanOverU: (f: (u: number) => number) => number) =>
      expectedLoss(arbitrary, levels, { weight, per }, meanOverU) / unit;
    const times = loss(timeLevels(schedule, { floor }), overTimes);
    const spanned = meanOverRates(arbitrary, low, high);
    if (weight === "rate") expect(times / spanned).toBeCloseTo(1, 6);
    // What the schedule's ends leave out, and the rates below the floor.
    expect(Math.abs(times / bound - 1)).toBeLessThan(low + 1 - high + 1e-6);

    const overCounts = (f: (u: number) => number) => mean(places.map((at) => f((at + 0.5) / N)));
    const counts = loss(countLevels(schedule), overCounts);
    expect(counts / bound).toBeCloseTo(1, 6);
    const overCountsAndNone = (f: (u: number) => number) =>
      mean(Array.from({ length: N + 1 }, (_, index) => f((index + 0.5) / (N + 1))));
    const fromNone = loss(countLevels(schedule, true), overCountsAndNone);
    expect(fromNone / bound).toBeCloseTo(1, 6);

    const rates = 400;
    const overGrid = (f: (u: number) => number) =>
      mean(Array.from({ length: rates }, (_, index) => f((index + 0.5) / rates)));
    const grid = loss(gridLevels(schedule, rates), overGrid);
    expect(Math.abs(grid / bound - 1)).toBeLessThan(1 / rates); // right ends of 400 intervals
  });
});

describe("whole collators (within 5 standard errors: a false alarm in 1.7 million seeds)", () => {
  const tokenizer = letterTokenizer("abc");
  const row = { ids: tokenizer.encode("abcab") };
  const bySchedule = Object.fromEntries(schedules);

  const weightsAndDraws = (["rate", "count"] as const).flatMap((weight) =>
    drawNames.map((draw) => [weight, draw] as const),
  );
  it.each(weightsAndDraws)("give the bound with weight %s and levels drawn %s", (weight, draw) => {
    const rules = [
      timeLevels(bySchedule.linear, { floor: 1e-4 }),
      timeLevels(bySchedule.cosine, { floor: 1e-4 }),
      countLevels(bySchedule.linear),
    ];
    for (const levels of rules) expectBound(collatorOf({ draw, levels, weight }), arbitrary, bound);
  });

  it.each(["rate", "count"] as const)("give the bound in pairs with weight %s", (weight) => {
    const counts = countLevels(bySchedule.linear, true);
    expectBound(collatorOf({ draw: "each", levels: counts, weight, pairs: true }), arbitrary, bound);
    const times = timeLevels(bySchedule.cosine, { floor: 1e-4, mirrored: true });
    expectBound(collatorOf({ draw: "each", levels: times, weight, pairs: true }), arbitrary, bound);
  });

  it("are bounds under every name that says so", async () => {
    const collators = dataPlugin.collators.filter(({ exact = "" }) =>
      /^(a|the whole) bound(, without| on|$)/.test(exact),
    );
    expect(collators.length).toBeGreaterThanOrEqual(6);
    for (const { name } of collators) {
      // All that is not noise is taken away: no prefix is kept, no row is cut.
      const options = { ...(name === "llada" && { cut: { share: 0 } }), rowLength: N };
      const pipeline = await createPipeline({
        plugins: [dataPlugin],
        tokenizer,
        schedule: bySchedule.linear,
        collator: byName({ name, ...options }),
      });
      expectBound(await pipeline.get("collator"), arbitrary, bound);
    }
  });

  it("give -log p of the text with exact conditionals, under noise from left to right as well", async () => {
    const { costs, nats } = await exactCosts(tokenizer.special.mask, row.ids);
    expect(anyOrderBound(costs)).toBeCloseTo(nats / N, 6);
    for (const schedule of [bySchedule.linear, bySchedule["left-to-right"]]) {
      const collator = collatorOf({
        draw: "each",
        levels: timeLevels(schedule, { floor: 1e-4 }),
        weight: "rate",
        schedule,
      });
      expectBound(collator, costs, nats / N);
    }
  });

  it("give another number with left-to-right noise where orders differ: it is the price of its orders", () => {
    const ordered = arbitrary.map((costs, pattern) =>
      costs.map((cost, at) => (isMasked(pattern, 0) && at !== 0 ? cost + 5 : cost)),
    );
    const schedule = bySchedule["left-to-right"];
    const collator = collatorOf({
      draw: "each",
      levels: timeLevels(schedule, { floor: 1e-4 }),
      weight: "rate",
      schedule,
    });
    const { loss } = meanLoss(collator, ordered);
    expect(loss).toBeLessThan(anyOrderBound(ordered) - 0.2); // the first place is seldom predicted late
  });

  function collatorOf(parts: {
    draw: (typeof drawNames)[number];
    levels: LevelRule;
    weight: "rate" | "count";
    pairs?: boolean;
    schedule?: NoiseSchedule;
  }): Collator {
    const { draw, levels, weight, pairs, schedule = bySchedule.linear } = parts;
    const loss = { weight, per: "token" } as const;
    const rows = rowPolicies();
    return composeCollator({
      name: "test",
      tokenizer,
      schedule,
      rows,
      draw: draws[draw],
      levels,
      loss,
      pairs,
    });
  }

  /** Mean loss of 2500 batches of 3 rows, and its standard error. */
  function meanLoss(collator: Collator, costs: Costs): { loss: number; error: number } {
    const losses = Array.from({ length: 2_500 }, (_, index) =>
      lossOf(collator.collate([row, row, row], Random.fromSeed(7).split("batch", index)), costs),
    );
    const loss = mean(losses);
    return { loss, error: Math.sqrt(mean(losses.map((one) => (one - loss) ** 2)) / losses.length) };
  }

  function expectBound(collator: Collator, costs: Costs, truth: number): void {
    const { loss, error } = meanLoss(collator, costs);
    expect(Math.abs(loss - truth)).toBeLessThan(5 * error + 1e-3 * truth); // and what the floor leaves out
  }
});

// --- helpers ---

function lossOf({ batch, seq, noiseMask, lossWeight, lossDenominator }: NoisedBatch, costs: Costs): number {
  let loss = 0;
  for (let row = 0; row < batch; row++) {
    const pattern = places.reduce((bits, at) => bits | (noiseMask[row * seq + at] << at), 0);
    for (const at of places) loss += lossWeight[row * seq + at] * costs[pattern][at];
  }
  return loss / lossDenominator;
}

/** What the perfect denoiser of a distribution of 3^5 texts pays for one of them under each set of masks. */
async function exactCosts(maskTokenId: number, text: Int32Array): Promise<{ costs: Costs; nats: number }> {
  const letters = [...new Set(text)];
  const random = Random.fromSeed(11);
  const weights = Array.from({ length: letters.length ** N }, (_, index) => random.uniform(index) ** 3);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const joint: JointEntry[] = weights.map((weight, index) => ({
    ids: places.map((at) => letters[Math.floor(index / letters.length ** at) % letters.length]),
    probability: weight / total,
  }));
  const vocabularySize = Math.max(maskTokenId, ...letters) + 1;
  const denoiser = tableDenoiser({ vocabularySize, maskTokenId, joint });
  const costs: number[][] = [];
  for (const pattern of patterns) {
    const ids = text.map((id, at) => (isMasked(pattern, at) ? maskTokenId : id));
    const distributions = await denoiser.denoise({
      batch: 1,
      seq: N,
      ids,
      attentionMask: new Uint8Array(N).fill(1),
      time: new Float64Array(1),
      positions: Int32Array.from(places),
    });
    const logProbs = await distributions.logProbsOf(text);
    costs.push(places.map((at) => (isMasked(pattern, at) ? -logProbs[at] : 0)));
    distributions.dispose();
  }
  const own = joint.find(({ ids }) => ids.every((id, at) => id === text[at]));
  return { costs, nats: -Math.log(own?.probability ?? 0) };
}

function simpson(f: (x: number) => number): number {
  const n = 400;
  let sum = f(0) + f(1);
  for (let index = 1; index < n; index++) sum += (index % 2 === 1 ? 4 : 2) * f(index / n);
  return sum / (3 * n);
}

function binomial(n: number, k: number): number {
  return k === 0 ? 1 : (binomial(n - 1, k - 1) * n) / k;
}

function mean(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
}
