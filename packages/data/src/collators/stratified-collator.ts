import {
  type Collator,
  type ComponentDependencies,
  decodeOptionsSync,
  defineCollator,
  maskRate,
} from "@textdiffusion/core";
import { z } from "zod";
import { rowPolicyOptions } from "./lay-rows.js";
import { lossReductionNames } from "./loss-reductions.js";
import { maskingCollator } from "./masking-collator.js";

const stratifiedOptions = rowPolicyOptions.extend({
  /** Times are drawn from (floor, 1). Default 1e-3: below it a row has hardly a mask and the weight 1/t explodes. */
  floor: z.number().gt(0).lt(1).default(1e-3),
  /** Default row-mean. See `LossReduction` for what each is. */
  reduction: z.enum(lossReductionNames).default("row-mean"),
});

/** Options of `stratified`. */
export type StratifiedCollatorOptions = z.input<typeof stratifiedOptions>;

/**
 * A time for each row, spread evenly over the batch: one row draws from each n-th part of (0, 1), in random order, which
 * takes most of the variance that the choice of times would add.
 *
 * ```
 * u_r = (stratum_r + v_r) / n,  v_r uniform,  stratum a permutation of 0 .. n-1      Sahoo et al. 2024, arXiv:2406.07524
 * t_r = floor + (1 - floor) u_r
 * d_r = -alpha'(t_r) (1 - floor) / (m(1) - m(floor))
 * ```
 *
 * `d` undoes the schedule's choice of rates (its mean over t is 1), so that `bound` and `row-mean` mean the same for
 * every schedule: the average over the rates from m(floor) to m(1). For the linear schedule d = 1 and the weight of
 * `bound` is 1/t; for any other it is the schedule's w(t) times a constant, 1 but for the floor. The rates below m(floor)
 * are left out. They are the easiest for a model that gains by context, and then the average is no lower without them.
 *
 * @throws DiffusionError `UNKNOWN_OPTION`, `CONFIG_INVALID`
 */
export function stratifiedCollator(
  options: StratifiedCollatorOptions,
  dependencies: ComponentDependencies["collator"],
): Collator {
  return createStratified(
    decodeOptionsSync(stratifiedOptions, options, "collator", 'collator "stratified"'),
    dependencies,
  );
}

/** `stratified` for configs. */
export const stratified = defineCollator({
  name: "stratified",
  description: "A time for each row, spread evenly over the batch; the loss is a likelihood bound.",
  options: stratifiedOptions,
  create: createStratified,
});

// --- internal ---

function createStratified(
  { floor, reduction, ...policies }: z.output<typeof stratifiedOptions>,
  { schedule, tokenizer }: ComponentDependencies["collator"],
): Collator {
  const [low, high] = [maskRate(schedule, floor), maskRate(schedule, 1)];
  const scale = (1 - floor) / (high - low);
  /** `1 - integral of (1 - m)^N dm over [low, high] / (high - low)`. */
  const chanceOfAnyMask = (maskable: number) =>
    1 - ((1 - low) ** (maskable + 1) - (1 - high) ** (maskable + 1)) / ((maskable + 1) * (high - low));
  return maskingCollator({
    name: "stratified",
    tokenizer,
    policies,
    reduction,
    drawNoise: (batch, random) => {
      const strata = random.split("strata").permutation(batch);
      const within = random.split("time");
      const time = Float64Array.from(
        strata,
        (stratum, row) => floor + ((1 - floor) * (stratum + within.uniform(row))) / batch,
      );
      return {
        time,
        rate: time.map((t) => maskRate(schedule, t)),
        rateImportance: time.map((t) => -schedule.alphaDerivative(t) * scale),
        chanceOfAnyMask,
      };
    },
  });
}
